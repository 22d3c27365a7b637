"""The commands that make operators and first owners."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from paybill_site.accounts.models import User
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import AuditEntry, Licence
from paybill_site.kernel.planes import NOWHERE, Place, plane
from tenants import entry
from tenants.models import Tenant


def run(*words: str) -> str:
    out = io.StringIO()
    with plane(NOWHERE):
        call_command(*words, stdout=out)
    return out.getvalue()


def password_in(text: str) -> str:
    return text.split("password: ")[1].strip()


def test_an_operator_gets_a_password_once(control: Place) -> None:
    password = password_in(run("operator", "--email", "Op@example.com"))
    made = User.objects.get(email="op@example.com")
    assert made.check_password(password)
    assert made.is_superuser
    assert password not in AuditEntry.objects.latest("id").body


def test_a_second_time_it_is_the_same_operator_with_a_new_password(
    control: Place,
) -> None:
    first = password_in(run("operator"))
    second = password_in(run("operator"))
    operator = User.objects.get()
    assert operator.check_password(second)
    assert not operator.check_password(first)


def test_nonsense_is_no_address(control: Place) -> None:
    with pytest.raises(CommandError, match="not an e-mail"):
        run("operator", "--email", "nonsense")


@pytest.fixture
def silo(settings: Any, tenant_a: Place, live_tenant: Tenant) -> Tenant:
    """As if this process were the one of tenant ``ta`` alone, already migrated."""
    settings.PAYBILL_MODE = "tenant"
    settings.PAYBILL_SCHEMA = tenant_a.schema
    settings.PAYBILL_TENANT_ID = tenant_a.tenant
    settings.PAYBILL_PROVISIONER_DSN = ""
    return live_tenant


def test_bootstrap_makes_the_owner_and_installs_the_licence_once(
    silo: Tenant, owner_user: User, tenant_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = {"state": "active", "plan": "business", "features": {}, "limits": {}}
    monkeypatch.setenv("PAYBILL_BOOTSTRAP_TOKEN", entry.bootstrap_token(silo))
    monkeypatch.setenv("PAYBILL_LICENCE", sign(silo.public_id, terms, 1))
    assert f"owner: {owner_user.public_id}" in run("tenant", "bootstrap")
    assert "was made before" in run("tenant", "bootstrap")
    with plane(tenant_a):
        owner = User.objects.get(public_id=owner_user.public_id)
        assert owner.is_staff
        assert not owner.has_usable_password()
        assert Licence.objects.count() == 1


def test_another_tenants_token_makes_nobody_an_owner(
    silo: Tenant, tenant_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    silo.public_id = "ten_000000000000000000000000tb"
    monkeypatch.setenv("PAYBILL_BOOTSTRAP_TOKEN", entry.bootstrap_token(silo))
    with pytest.raises(CommandError, match="another tenant"):
        run("tenant", "bootstrap")
    with plane(tenant_a):
        assert not User.objects.exists()


def test_bootstrap_is_not_for_the_control_plane(live_tenant: Tenant) -> None:
    with pytest.raises(CommandError, match="PAYBILL_MODE"):
        run("tenant", "bootstrap")
