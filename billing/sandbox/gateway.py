"""Test cards: each has one outcome, which its label says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing.gateways import Instructions
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


class Sandbox:
    """Pay with a test card."""

    name = "sandbox"
    label = "Test card"
    test = True

    def instructions(self, invoice: Invoice) -> Instructions:
        return Instructions("These are test cards; no money moves.")
