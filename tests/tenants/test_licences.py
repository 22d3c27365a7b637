"""Licences on their way: renewed in time, published, checked by the command line."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from paybill_site.kernel import licence_keys
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, NotFound
from paybill_site.kernel.licences import GRACE, LIFETIME, sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import plane
from paybill_site.kernel.terms import read_licence
from tenants.actions import ClaimPlacement, RenewLicence
from tenants.models import Entitlement, Placement, Tenant
from tenants.tasks import renew_licences
from tests.cast import browser
from tests.tenants.test_going_live import PROVISIONING, drain, entitle

TERMS: dict[str, Any] = {"state": "active", "plan": "x", "features": {}, "limits": {}}


@pytest.fixture
def live(tenant: Tenant) -> Tenant:
    entitle(tenant)
    perform(ClaimPlacement, tenant, actor=PROVISIONING)
    drain()
    return Tenant.objects.get(pk=tenant.pk)


def installed(tenant: Tenant) -> Licence:
    placement = Placement.objects.get(tenant=tenant)
    with plane(placement.place):
        newest = Licence.newest()
    assert newest is not None
    return newest


def say(*args: str) -> str:
    out = io.StringIO()
    call_command("licence", *args, stdout=out)
    return out.getvalue()


def test_a_licence_is_renewed_weeks_before_it_runs_out(live: Tenant) -> None:
    before = installed(live)
    assert renew_licences() == 0
    Entitlement.objects.update(updated_at=timezone.now() - timedelta(days=8))
    assert renew_licences() == 1
    drain()
    after = installed(live)
    assert after.version == before.version + 1
    assert renew_licences() == 0


def test_operators_renew_by_hand_and_customers_do_not(
    live: Tenant, operator: Actor, owner: Actor
) -> None:
    before = installed(live).version
    perform(RenewLicence, live, actor=operator)
    drain()
    assert installed(live).version == before + 1
    with pytest.raises(Exception, match="permission"):
        perform(RenewLicence, live, actor=owner)


def test_what_is_not_in_use_has_no_licence_to_renew(
    tenant: Tenant, operator: Actor, outsider: Actor
) -> None:
    with pytest.raises(IllegalMove):
        perform(RenewLicence, tenant, actor=operator)
    with pytest.raises(NotFound):
        perform(RenewLicence, tenant, actor=outsider)


def test_the_command_says_what_a_tenants_licence_says(
    live: Tenant, tmp_path: Path
) -> None:
    told = say("verify", "--tenant", live.public_id)
    assert f"tenant: {live.public_id} ({live.name})" in told
    assert "plan: free" in told
    assert told.rstrip().endswith("valid: valid")
    file = tmp_path / "licence"
    file.write_text(say("show", "--tenant", live.public_id))
    assert "valid: valid" in say("verify", str(file))
    keys = tmp_path / "keys.json"
    keys.write_text(say("keys"))
    assert "valid: valid" in say("verify", str(file), "--keys", str(keys))


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("not a licence", "no signed licence"),
        (sign("ten_1", TERMS, 1)[:-8] + "AAAAAAAA", "changed after it was signed"),
        (
            sign("ten_1", TERMS, 1, issued=timezone.now() - LIFETIME - GRACE),
            "expired",
        ),
    ],
)
def test_the_command_says_why_a_licence_is_not_valid(
    tmp_path: Path, token: str, why: str
) -> None:
    file = tmp_path / "licence"
    file.write_text(token)
    with pytest.raises(CommandError, match=why):
        say("verify", str(file))


def test_the_command_wants_to_know_which(live: Tenant) -> None:
    with pytest.raises(CommandError, match="Name a file"):
        say("verify")
    with pytest.raises(CommandError, match="no plane"):
        say("show", "--tenant", "ten_00000000000000000000000000")


def test_anybody_can_fetch_the_keys_and_check_with_them(
    live: Tenant,
) -> None:
    answer = browser().get("/.well-known/paybill-licence-keys")
    assert answer.status_code == 200
    assert "public" in answer["Cache-Control"]
    keys = licence_keys.from_key_set(answer.content)
    assert "d" not in json.loads(answer.content)["keys"][0]
    assert read_licence(installed(live).token, live.public_id, keys).plan == "free"
