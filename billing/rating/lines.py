"""Lines of an invoice: an amount is a function of inputs that are stored with it.

``Charge`` is the one rule so far: a price times a quantity, for the whole of a period
or a part of it. A credit is a charge that is negative. ``RULES`` names the rules, so
that a line written today is still recomputed after others were added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rating import money
from billing.rating.periods import Period


class UnknownRule(ValueError):
    """The line names a rule that this version does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """``unit_amount`` times ``quantity`` times ``part`` / ``whole``, in minor units.

    ``part`` and ``whole`` are seconds of a period when only a part of it is charged.
    ``credit`` turns the amount into one in the customer's favour.
    """

    rule: ClassVar[str] = "charge"

    unit_amount: int
    currency: str
    quantity: int = 1
    part: int = 1
    whole: int = 1
    credit: bool = False

    @property
    def amount(self) -> int:
        """Minor units, rounded once, half away from zero."""
        due = money.share(self.unit_amount * self.quantity, self.part, self.whole)
        return -due if self.credit else due

    @property
    def why(self) -> str:
        """The computation in words: "9 of 31 days of 24.95 EUR"."""
        price = money.text(self.unit_amount, self.currency)
        times = f"{self.quantity} times {price}" if self.quantity != 1 else price
        if self.part == self.whole:
            return times
        sign = "credit for " if self.credit else ""
        return f"{sign}{_parts(self.part, self.whole)} of {times}"

    def inputs(self) -> dict[str, Any]:
        """JSON values from which ``from_inputs`` makes the same line again."""
        return {"rule": self.rule, **asdict(self)}


RULES = {Charge.rule: Charge}


def from_inputs(inputs: Mapping[str, Any]) -> Charge:
    """The rule with its inputs as they were stored. Raises UnknownRule."""
    known = RULES.get(str(inputs.get("rule")))
    if known is None:
        raise UnknownRule(f"there is no rule {inputs.get('rule')!r}")
    return known(**{name: value for name, value in inputs.items() if name != "rule"})


def rest_of(
    price: int, currency: str, period: Period, at: datetime, *, credit: bool = False
) -> Charge:
    """The charge (or credit) for what is left of a period, by the second."""
    return Charge(
        unit_amount=price,
        currency=currency,
        part=period.left(at),
        whole=period.seconds,
        credit=credit,
    )


def _parts(part: int, whole: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours")):
        if part % size == 0 and whole % size == 0:
            return f"{part // size} of {whole // size} {unit}"
    return f"{part:,} of {whole:,} seconds"
