"""Test cards: each has one outcome, which its label says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django import forms
from django.urls import reverse

from billing.models import Invoice


class Outcome(StrEnum):
    SUCCEEDS = "succeeds"
    DECLINED = "declined"
    NEEDS_CONFIRMATION = "needs_confirmation"


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the sandbox. The number is for show and accepted nowhere."""

    token: str
    number: str
    outcome: Outcome
    label: str


CARDS = {
    card.token: card
    for card in (
        Card("test_succeeds", "0000 0000 0000 0001", Outcome.SUCCEEDS, "Succeeds"),
        Card("test_declined", "0000 0000 0000 0002", Outcome.DECLINED, "Is declined"),
        Card(
            "test_confirm",
            "0000 0000 0000 0003",
            Outcome.NEEDS_CONFIRMATION,
            "Needs confirmation",
        ),
    )
}


class CardForm(forms.Form):
    card = forms.ChoiceField(
        choices=[(card.token, card.label) for card in CARDS.values()],
        label="Test card",
        error_messages={
            "required": "Choose a test card.",
            "invalid_choice": "Choose one of the test cards.",
        },
    )


class Sandbox:
    """Pay with a test card."""

    name = "sandbox"
    label = "Test card"
    test = True

    def page(self, invoice: Invoice) -> dict[str, Any]:
        return {
            "form": CardForm(),
            "cards": [
                {"token": card.token, "number": card.number, "outcome": card.label}
                for card in CARDS.values()
            ],
            "action": reverse("billing:sandbox_pay", args=[invoice.public_id]),
        }
