"""A gateway without a memory: what a test card does is known by its token.

So the same question has the same answer, however often it is asked, and there is
nothing to lose. No money moves.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse

from billing import clock
from billing.gateways import stored
from billing.gateways.contract import (
    Charged,
    Gateway,
    Kept,
    Order,
    Person,
    Return,
    Returned,
    Wish,
)
from billing.models import Invoice
from billing.rating.conventions import Convention
from billing.sandbox.cards import CARDS, Outcome
from billing.states import MethodState, PaymentState

LATE = timedelta(days=1)


class CardForm(forms.Form):
    card = forms.ChoiceField(
        choices=[(card.token, card.label) for card in CARDS.values()],
        label="Test card",
        error_messages={
            "required": "Choose a test card.",
            "invalid_choice": "Choose one of the test cards.",
        },
    )


class Sandbox(Gateway):
    """Pay with a test card, once or with one that is kept."""

    name = "sandbox"
    label = "Test card"
    test = True
    stores = True
    convention = Convention("sandbox", least={"EUR": 50, "USD": 50})

    def page(self, invoice: Invoice) -> dict[str, Any]:
        return {
            **stored.page(invoice, self.name),
            "form": CardForm(),
            "cards": cards(),
            "action": reverse("billing:sandbox_pay", args=[invoice.public_id]),
        }

    def introduce(self, person: Person) -> str:
        return f"sbx_{person.key}"

    def set_up(self, wish: Wish) -> Kept:
        address = address_of("sandbox_method", wish.key)
        return Kept(
            state=MethodState.PENDING, key=wish.key, setup=wish.key, address=address
        )

    def look_at_setup(self, setup: str) -> Kept:
        return Kept(state=MethodState.PENDING, key=setup, setup=setup)

    def look_at_method(self, reference: str) -> Kept:
        return kept(reference)

    def forget(self, reference: str) -> None:
        """There is nothing to forget."""

    def charge(self, order: Order) -> Charged:
        return charged(order.method, order)

    def look_at_payment(self, order: Order) -> Charged | None:
        return charged(order.method, order)

    def withdraw(self, order: Order) -> Charged:
        return declined(order.key, "withdrawn", "You withdrew the payment.")

    def give_back(self, wanted: Return) -> Returned:
        return Returned(done=True, key=wanted.key, reference=f"sbx_{wanted.key}")


def cards() -> list[dict[str, str]]:
    """What the pages show of the test cards."""
    return [
        {"token": card.token, "number": card.number, "outcome": card.label}
        for card in CARDS.values()
    ]


def kept(token: str) -> Kept:
    """A test card as a stored method."""
    return Kept(
        state=MethodState.ACTIVE,
        kind="card",
        reference=token,
        label=CARDS[token].ending,
    )


def charged(token: str, order: Order) -> Charged:
    """What comes of charging a test card."""
    outcome = CARDS[token].outcome
    if outcome is Outcome.DECLINED:
        return declined(order.key, "insufficient_funds", "The card was declined.")
    if outcome is Outcome.HARD_DECLINED:
        said = "The card was declined, and always will be."
        return declined(order.key, "lost_card", said, hard=True)
    return Charged(
        state=_state(outcome, order),
        key=order.key,
        reference=f"sbx_{order.key}",
        amount=order.amount,
        currency=order.currency,
        confirm_at=address_of("sandbox_confirm", order.key)
        if outcome is Outcome.NEEDS_CONFIRMATION
        else "",
    )


def _state(outcome: Outcome, order: Order) -> PaymentState:
    if outcome is Outcome.NEEDS_CONFIRMATION:
        return PaymentState.NEEDS_CONFIRMATION
    waits = order.created_at is None or order.created_at + LATE > clock.now()
    if outcome is Outcome.LATE and waits:
        return PaymentState.PROCESSING
    return PaymentState.SUCCEEDED


def declined(key: str, code: str, why: str, *, hard: bool = False) -> Charged:
    """A payment that the sandbox's bank refuses."""
    return Charged(
        state=PaymentState.FAILED, key=key, code=code, failure=why, hard=hard
    )


def address_of(name: str, public_id: str) -> str:
    return f"{settings.PAYBILL_BASE_URL}{reverse(f'billing:{name}', args=[public_id])}"
