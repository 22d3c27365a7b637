"""The operators' pages about accounts, tenants and users."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from paybill_site.accounts.models import User
from tenants.models import (
    Account,
    Domain,
    Entitlement,
    Invitation,
    Membership,
    Placement,
    Tenant,
)
from tests.cast import LogIn, browser

MODELS: list[Any] = [
    Account,
    Domain,
    Entitlement,
    Invitation,
    Membership,
    Placement,
    Tenant,
    User,
]


def list_of(model: Any) -> str:
    return f"/operators/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_every_row_shows(
    model: Any, live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    client = log_in(operator_user)
    assert client.get(list_of(model)).status_code == 200
    assert client.get(f"{list_of(model)}?q=a").status_code == 200
    for row in model.objects.all()[:3]:
        assert client.get(f"{list_of(model)}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_customers_and_strangers_see_no_operators_page(
    model: Any, log_in: LogIn, owner_user: User, account: Account
) -> None:
    assert log_in(owner_user).get(list_of(model)).status_code in {302, 404}
    assert browser().get(list_of(model)).status_code == 302


def test_a_placement_never_shows_its_address(
    live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    row = Placement.objects.get(tenant=live_tenant)
    Placement.objects.filter(pk=row.pk).update(dsn="postgresql://u:geheim@h/d")
    page = log_in(operator_user).get(f"{list_of(Placement)}{row.pk}/change/")
    assert b"geheim" not in page.content


def test_an_operator_suspends_by_a_button_and_a_reason(
    live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    client = log_in(operator_user)
    path = f"{list_of(Tenant)}{live_tenant.pk}/change/"
    pressed = {
        "CHANGE_FORM-action": "tenants.suspend_tenant",
        ACTION_CHECKBOX_NAME: str(live_tenant.pk),
    }
    asked = client.post(path, pressed)
    assert asked.status_code == 200
    live_tenant.refresh_from_db()
    assert live_tenant.state == "live"
    client.post(
        path, {**pressed, "confirm": "1", "because": "abuse", "cause": "operator"}
    )
    live_tenant.refresh_from_db()
    assert live_tenant.state == "suspended"


def test_what_can_not_be_undone_asks_who_is_there(
    live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    """The session here was made without a password, so nothing was proved lately."""
    pressed = {
        "CHANGE_FORM-action": "tenants.close_tenant",
        ACTION_CHECKBOX_NAME: str(live_tenant.pk),
    }
    path = f"{list_of(Tenant)}{live_tenant.pk}/change/"
    answer = log_in(operator_user).post(path, pressed)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
