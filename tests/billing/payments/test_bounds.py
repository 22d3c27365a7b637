"""What never happens: a number of a card here, an amount too small, a wrong setting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms

from billing.actions import (
    MarkInvoicePaid,
    PayInvoice,
    RefundPayment,
    SetUpMethod,
    Subscribe,
)
from billing.errors import CanNotCharge, CanNotSendBack
from billing.gateways import checks
from billing.models import CreditNote, Customer, Payment, Refund, Subscription
from billing.sandbox.actions import CardInput
from billing.sandbox.cards import CARDS
from paybill_site.kernel.actions import perform, registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid
from paybill_site.kernel.forms import form_for
from tenants.models import Account, Tenant
from tests.billing.desk import Turn, only_open, sell
from tests.billing.payments.desk import VISA, Server, drain, sandbox_card
from tests.billing.payments.test_collecting import renewed
from tests.cast import LogIn

NAMES = ("number", "pan", "cvc", "cvv", "card", "exp_month", "exp_year", "iban")


def test_no_form_and_no_verb_asks_for_a_card() -> None:
    """The sandbox's choice of a test card is the only field of that name."""
    asking = {
        (name, field)
        for name, action in registry.items()
        for field in action.Input.model_fields
        if field in NAMES and issubclass(action.Input, CardInput) is False
    }
    assert asking == set()
    choice = form_for(CardInput)().fields["card"]
    assert isinstance(choice, forms.Field)
    assert all(
        len(card.token) < 40 and not card.token.isdigit() for card in CARDS.values()
    )


@pytest.mark.parametrize(
    "data",
    [
        {"gateway": "sandbox", "number": VISA},
        {"gateway": "sandbox", "card": {"number": VISA, "cvc": "123"}},
        {"gateway": VISA, "cvc": "123"},
    ],
)
def test_the_api_refuses_a_card_and_repeats_nothing_of_it(
    account: Account, owner_user: Any, log_in: LogIn, data: dict[str, Any]
) -> None:
    answer = log_in(owner_user).post(
        f"/api/accounts/{account.public_id}/set-up-method",
        json.dumps(data),
        content_type="application/json",
    )
    assert answer.status_code == 422
    assert VISA not in answer.content.decode()


def test_a_test_card_is_chosen_by_its_token_alone(
    account: Account, owner: Actor
) -> None:
    with pytest.raises(Invalid):
        sandbox_card(account, VISA, owner)


def test_what_is_too_small_to_be_charged_is_carried_along(
    subscription: Subscription,
    account: Account,
    owner: Actor,
    operator: Actor,
    turn: Turn,
) -> None:
    """A transfer left 0.30 open; the next charge is for both."""
    renewed(subscription, turn)
    small = only_open(subscription)
    transfer = {"reference": "b1", "amount": small.outstanding - 30}
    perform(MarkInvoicePaid, small, transfer, actor=operator)
    method = sandbox_card(account, "test_succeeds", owner)
    drain()
    small.refresh_from_db()
    assert (small.state, small.outstanding) == ("open", 30)
    with pytest.raises(CanNotCharge):
        perform(PayInvoice, small, {}, actor=owner)
    renewed(subscription, turn)
    drain()
    small.refresh_from_db()
    charged = method.payments.get()
    assert charged.amount == charged.invoice.total + 30
    assert (small.state, small.applied) == ("paid", 30)
    assert not subscription.invoices.filter(state="open").exists()
    assert Customer.objects.get(account=account).balance == 0


def test_what_a_gateway_could_only_send_back_rounded_is_refused(
    stripe: Server, turn: Turn, tenant: Tenant, owner: Actor, operator: Actor
) -> None:
    """Stripe moves dinars in steps of ten fils."""
    sell("dinars", 3000, currency="KWD")
    begun = perform(Subscribe, tenant, {"plan": "dinars"}, actor=owner).result
    transfer = {"reference": "pi_1"}
    paid = perform(MarkInvoicePaid, only_open(begun), transfer, actor=operator).result
    Payment.objects.update(gateway="stripe")
    with pytest.raises(CanNotSendBack):
        perform(RefundPayment, paid, {"amount": 1001, "why": "x"}, actor=operator)
    assert not CreditNote.objects.exists()
    perform(RefundPayment, paid, {"amount": 1010, "why": "x"}, actor=operator)
    assert Refund.objects.get().amount == 1010


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"WEBHOOK_SECRETS": ["whsec_1"]}, ["billing.E001"]),
        ({"SECRET_KEY": "pk_test_1", "WEBHOOK_SECRETS": ["whsec_1"]}, ["billing.E002"]),
        ({"SECRET_KEY": "sk_test_1"}, ["billing.W001"]),
        ({"SECRET_KEY": "sk_test_1", "WEBHOOK_SECRETS": ["x"]}, ["billing.E003"]),
        (
            {
                "SECRET_KEY": "sk_test_1",
                "WEBHOOK_SECRETS": ["whsec_1"],
                "API": "https://stripe.example",
            },
            ["billing.E004"],
        ),
        (
            {
                "SECRET_KEY": "sk_test_1",
                "WEBHOOK_SECRETS": ["whsec_1"],
                "API": "http://127.0.0.1:1",
            },
            [],
        ),
    ],
)
def test_settings_that_do_not_fit_are_told(
    settings: Any, wrong: dict[str, Any], found: list[str]
) -> None:
    settings.PAYBILL_STRIPE_SECRET_KEY = wrong.get("SECRET_KEY", "")
    settings.PAYBILL_STRIPE_WEBHOOK_SECRETS = wrong.get("WEBHOOK_SECRETS", [])
    settings.PAYBILL_STRIPE_API = wrong.get("API", "https://api.stripe.com")
    told = checks.stripe(None)
    assert [one.id for one in told] == found
    assert not any("sk_test_1" in str(one) for one in told)


def test_who_only_looks_adds_no_method(account: Account, teammate: Actor) -> None:
    with pytest.raises(Forbidden):
        perform(SetUpMethod, account, {"gateway": "sandbox"}, actor=teammate)
