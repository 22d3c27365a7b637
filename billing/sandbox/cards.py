"""Test cards: each has one outcome, which its label says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    SUCCEEDS = "succeeds"
    DECLINED = "declined"
    HARD_DECLINED = "hard_declined"
    NEEDS_CONFIRMATION = "needs_confirmation"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the sandbox. The number is for show and accepted nowhere."""

    token: str
    number: str
    outcome: Outcome
    label: str

    @property
    def ending(self) -> str:
        """As a stored method is called: ``Test card ending 0001``."""
        return f"Test card ending {self.number[-4:]}"


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
        Card(
            "test_hard_declined",
            "0000 0000 0000 0004",
            Outcome.HARD_DECLINED,
            "Is declined for good",
        ),
        Card("test_late", "0000 0000 0000 0005", Outcome.LATE, "Succeeds a day later"),
    )
}
