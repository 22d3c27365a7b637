"""Settings of customers: by audited actions, and never backwards."""

from __future__ import annotations

from typing import Any

import pytest

from billing.actions import SetAddress, SetOverrides, SetReckoning, SetTerms
from billing.models import Customer, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid, NotFound
from paybill_site.kernel.models import AuditEntry
from tenants.models import Entitlement

USUAL = {"counting": "seconds", "alignment": "anniversary", "tax_by": "line"}


@pytest.fixture
def customer(subscription: Subscription) -> Customer:
    return subscription.customer


def test_a_setting_says_from_when_it_holds_and_changes_nothing_that_is_billed(
    customer: Customer, operator: Actor, subscription: Subscription
) -> None:
    invoices = list(subscription.invoices.values())
    by_day = {**USUAL, "counting": "days, the last one exclusive", "tax_by": "total"}
    done = perform(SetReckoning, customer, by_day, actor=operator).output
    assert set(done["holds"]) == {"counting", "tax_by"}
    assert all("from now on" in words for words in done["holds"].values())
    customer.refresh_from_db()
    assert (customer.counting, customer.tax_by) == (by_day["counting"], "total")
    assert list(subscription.invoices.values()) == invoices
    assert AuditEntry.objects.filter(action="billing.set_reckoning").exists()
    again = perform(SetReckoning, customer, by_day, actor=operator).output
    assert again["holds"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"counting": "by the moon"},
        {"alignment": "day", "billing_day": 32},
        {"billing_day": 5},
        {"tax_by": "guess"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    customer: Customer, operator: Actor, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        perform(SetReckoning, customer, {**USUAL, **wrong}, actor=operator)


def test_how_a_customer_pays_is_set_by_operators(
    customer: Customer, operator: Actor, owner: Actor, outsider: Actor
) -> None:
    terms = {"collection": "transfer", "terms_days": 30}
    perform(SetTerms, customer, terms, actor=operator)
    customer.refresh_from_db()
    assert customer.terms_days == 30
    with pytest.raises((Forbidden, NotFound)):
        perform(SetTerms, customer, terms, actor=owner)
    with pytest.raises(NotFound):
        perform(SetReckoning, customer, USUAL, actor=outsider)


def test_a_vat_number_is_checked_offline(customer: Customer, operator: Actor) -> None:
    address = {"name": "Acme", "country": "DE", "business": True}
    good = {**address, "vat_number": "DE 136 695 976"}
    perform(SetAddress, customer, good, actor=operator)
    customer.refresh_from_db()
    assert customer.vat_number == "DE136695976"
    for number in ("DE136695977", "FR136695976", "136695976"):
        with pytest.raises(Invalid, match="VAT number"):
            perform(
                SetAddress, customer, {**address, "vat_number": number}, actor=operator
            )


def test_what_was_agreed_holds_at_once(
    subscription: Subscription, operator: Actor, owner: Actor
) -> None:
    agreed = {"limits": {"agents": 50}, "metered": {"api_calls": {"limit": 9}}}
    perform(SetOverrides, subscription, agreed, actor=operator)
    granted = Entitlement.objects.get(tenant=subscription.tenant)
    assert granted.limits["agents"] == 50
    assert "api_calls" in granted.limits
    assert granted.features == {"sso": True}
    perform(SetOverrides, subscription, {}, actor=operator)
    granted.refresh_from_db()
    assert granted.limits == {"agents": 5}
    with pytest.raises(Forbidden):
        perform(SetOverrides, subscription, agreed, actor=owner)
    with pytest.raises(Invalid):
        perform(SetOverrides, subscription, {"limits": {"agents": -1}}, actor=operator)
