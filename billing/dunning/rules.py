"""The rules for what is unpaid, as data: days of the retries, and the steps.

Operators write them; a schedule keeps them as JSON, and so does a case that began.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from billing.rating.overdue import Conditions
from billing.states import SubscriptionState

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Days = Annotated[int, Field(ge=0, le=730)]


class Does(StrEnum):
    """What a step does. Each tells the customer, and says what comes next and when."""

    NOTIFY = "notify"
    BLOCK_CHANGES = "block_changes"  # of plans and quantities; access stays
    PAST_DUE = "past_due"  # a banner
    GRACE = "grace"  # the last days with access
    SUSPEND = "suspend"  # access closes, everything is kept
    CANCEL = "cancel"  # the subscription is over


# The steps that move subscriptions, in the order of severity.
MOVES: dict[Does, SubscriptionState] = {
    Does.PAST_DUE: SubscriptionState.PAST_DUE,
    Does.GRACE: SubscriptionState.GRACE,
    Does.SUSPEND: SubscriptionState.SUSPENDED,
    Does.CANCEL: SubscriptionState.CANCELLED,
}


class Step(BaseModel):
    """One step and when: any one of its conditions is enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    does: Does
    days: Days | None = Field(
        default=None, description="since the oldest unpaid invoice was due"
    )
    amounts: dict[Currency, Annotated[int, Field(gt=0)]] = Field(
        default_factory=dict, max_length=50, description="minor units owed, by currency"
    )
    invoices: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="number of unpaid invoices"
    )

    @model_validator(mode="after")
    def has_a_condition(self) -> Step:
        if self.days is None and not self.amounts and self.invoices is None:
            raise ValueError(f"say when to {self.does}: days, amounts or invoices")
        return self

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.days, self.amounts, self.invoices)

    @property
    def state(self) -> str:
        """What it is called in events and mails."""
        return str(MOVES.get(self.does, self.does))


class Rules(BaseModel):
    """Days between the attempts at a payment, and the steps in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retries: list[Annotated[int, Field(ge=1, le=60)]] = Field(
        default_factory=list,
        max_length=12,
        description="days of each attempt after the one before",
    )
    steps: list[Step] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def in_order(self) -> Rules:
        """A step is never before the one above it, and none is taken twice."""
        moving = [step.does for step in self.steps if step.does in MOVES]
        if moving != [does for does in MOVES if does in moving]:
            raise ValueError(f"steps that close come as {', '.join(MOVES)}, each once")
        days = [step.days for step in self.steps if step.days is not None]
        if days != sorted(days):
            raise ValueError("a step can not be due before the one above it")
        return self


def _steps(**days: int) -> list[Step]:
    return [Step(does=Does(does), days=after) for does, after in days.items()]


# What holds where no operator wrote anything: a card is tried for three weeks first.
CARD = Rules(
    retries=[2, 5, 7, 7], steps=_steps(past_due=0, grace=14, suspend=21, cancel=51)
)
TRANSFER = Rules(steps=_steps(past_due=0, grace=3, suspend=10, cancel=40))
