"""Customers say in the portal when their infrastructure may be upgraded."""

from __future__ import annotations

from typing import Any

import pytest

from paybill_site.accounts.models import User
from provisioning.models import Deployment
from tenants.models import Membership
from tests.cast import LogIn

HOURS = {"days": ["sat", "sun"], "begins": "22:00", "ends": "04:00"}
ASKED = {**HOURS, "zone": "Europe/Berlin"}


@pytest.fixture
def manager(deployment: Deployment) -> User:
    """Whose tenant it is."""
    account = deployment.tenant.account
    member = Membership.objects.get(account=account)
    user: User = User.objects.get(public_id=member.user)
    return user


def test_a_customer_says_when_upgrades_may_begin(
    deployment: Deployment, manager: User, log_in: LogIn
) -> None:
    browser: Any = log_in(manager)
    address = f"/tenants/{deployment.tenant.public_id}/window/"
    database = f"/tenants/{deployment.tenant.public_id}/database/"
    shown = browser.get(database).content.decode()
    assert address in shown
    assert "at any time" in shown
    assert "Without any: at any time" in browser.get(address).content.decode()
    answer = browser.post(address, ASKED, follow=True)
    assert "Sat, Sun 22:00-04:00 (Europe/Berlin)" in answer.content.decode()
    deployment.refresh_from_db()
    assert deployment.window == {
        "days": ["sat", "sun"],
        "from": "22:00",
        "to": "04:00",
        "zone": "Europe/Berlin",
    }
    assert 'value="sat" checked' in " ".join(
        browser.get(address).content.decode().split()
    ).replace(' id="id_days_5"', "")


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Olympus"}, {"begins": "25:00"}, {"days": ["someday"]}]
)
def test_what_is_no_window_is_refused_in_words(
    deployment: Deployment, manager: User, log_in: LogIn, wrong: dict[str, Any]
) -> None:
    address = f"/tenants/{deployment.tenant.public_id}/window/"
    answer = log_in(manager).post(address, {**ASKED, **wrong})
    assert answer.status_code == 422
    deployment.refresh_from_db()
    assert deployment.window == {}


def test_nobody_else_finds_it(
    deployment: Deployment, outsider_user: User, log_in: LogIn
) -> None:
    address = f"/tenants/{deployment.tenant.public_id}/window/"
    assert log_in(outsider_user).get(address).status_code == 404
    assert log_in(outsider_user).post(address, ASKED).status_code == 404
