"""Outside the embedded mode operators have a second factor, at every door."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from paybill_site.accounts.models import User
from tenants.models import Tenant
from tests.cast import LogIn, acting


@pytest.fixture
def production(settings: Any) -> None:
    settings.PAYBILL_EMBEDDED = False


def test_without_one_an_operator_can_do_nothing_but_set_it_up(
    production: None, live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    assert "tenants.suspend_tenant" not in acting(operator_user).grants
    client = log_in(operator_user)
    assert client.get("/operators/login/")["Location"] == "/accounts/2fa/"
    path = f"/api/tenants/{live_tenant.public_id}/suspend"
    assert client.post(path, {}, "application/json").status_code == 404


def test_with_one_an_operator_works(
    production: None, log_in: LogIn, operator_user: User
) -> None:
    Authenticator.objects.create(
        user=operator_user, type=Authenticator.Type.TOTP, data={"secret": "x"}
    )
    assert "tenants.suspend_tenant" in acting(operator_user).grants
    assert log_in(operator_user).get("/operators/").status_code == 200


def test_customers_need_none(
    production: None, live_tenant: Tenant, log_in: LogIn, owner_user: User
) -> None:
    path = f"/tenants/{live_tenant.public_id}/"
    assert log_in(owner_user).get(path).status_code == 200


def test_an_evaluation_needs_none(log_in: LogIn, operator_user: User) -> None:
    assert log_in(operator_user).get("/operators/").status_code == 200


def test_the_secret_of_a_second_factor_is_sealed(operator_user: User) -> None:
    TOTP.activate(operator_user, "JBSWY3DPEHPK3PXP")
    row = Authenticator.objects.get(user=operator_user)
    assert "JBSWY3DPEHPK3PXP" not in str(row.data)
    assert get_adapter().decrypt(row.data["secret"]) == "JBSWY3DPEHPK3PXP"
