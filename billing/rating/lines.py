"""Lines of an invoice: an amount is a function of inputs that are stored with it.

Each class here and in the modules beside it is a rule. ``RULES`` names them all, so
that a line written today is still recomputed after others were added; a rule that was
ever used for an invoice is never changed, it gets a successor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from pydantic import TypeAdapter, ValidationError

from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.discounts import AmountOff, GivenBack, PercentOff
from billing.rating.metering import Metered, TrueUp
from billing.rating.prices import Flat, PerUnit
from billing.rating.shares import WHOLE, Share
from billing.rating.stored import Stored, to_data

ONE = Decimal(1)


class UnknownRule(ValueError):
    """The line names a rule, or inputs of it, that this version does not have."""


class Line(Protocol):
    """What every rule can do."""

    rule: ClassVar[str]

    @property
    def amount(self) -> int:
        """Minor units, rounded once, half away from zero."""
        ...

    @property
    def why(self) -> str:
        """The computation in words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Stored):
    """``unit_amount`` times ``quantity`` times ``part`` / ``whole``, in minor units.

    ``part`` and ``whole`` are of a period when only a part of it is charged, with what
    else a ``Share`` knows: ``before``, ``unit``, ``places``. ``credit`` turns the
    amount into one in the customer's favour, which is never more than ``at_most``.
    """

    rule: ClassVar[str] = "charge"

    unit_amount: int
    currency: str
    quantity: int = 1
    part: int = 1
    whole: int = 1
    before: int = 0
    unit: int = 1
    places: int | None = None
    credit: bool = False
    at_most: int | None = None

    @property
    def share(self) -> Share:
        return Share(self.part, self.whole, self.before, self.unit, self.places)

    @property
    def amount(self) -> int:
        """Minor units, rounded once, half away from zero."""
        due = self.share.of(self.unit_amount * self.quantity)
        return _signed(due, self.credit, self.at_most)

    @property
    def why(self) -> str:
        """The computation in words: "9 of 31 days of 24.95 EUR"."""
        price = money.text(self.unit_amount, self.currency)
        times = f"{self.quantity} times {price}" if self.quantity != 1 else price
        return _told(times, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed(Stored):
    """A rate card for a quantity that is had, not used: a fee, seats, an add-on.

    All of it is prorated, with its commitments.
    """

    rule: ClassVar[str] = "licensed"

    card: RateCard
    currency: str
    quantity: Decimal = Decimal(1)
    share: Share = WHOLE
    credit: bool = False
    at_most: int | None = None

    @property
    def amount(self) -> int:
        """Minor units, rounded once, half away from zero."""
        exact = money.unrounded(self.card.rate(self.quantity).total, self.currency)
        return _signed(self.share.of(exact), self.credit, self.at_most)

    @property
    def why(self) -> str:
        """The computation in words."""
        return _told(f"{self.card.rate(self.quantity).words} {self.currency}", self)


RULES: dict[str, type[Any]] = {
    rule.rule: rule
    for rule in (Charge, Licensed, Metered, TrueUp, PercentOff, AmountOff, GivenBack)
}
_ADAPTERS = {name: TypeAdapter[Any](rule) for name, rule in RULES.items()}


def inputs(line: Line) -> dict[str, Any]:
    """JSON values from which ``from_inputs`` makes the same line again."""
    return {"rule": line.rule, **to_data(_ADAPTERS[line.rule], line)}


def from_inputs(stored: Mapping[str, Any]) -> Line:
    """The rule with its inputs as they were stored. Raises UnknownRule."""
    adapter = _ADAPTERS.get(str(stored.get("rule")))
    if adapter is None:
        raise UnknownRule(f"there is no rule {stored.get('rule')!r}")
    values = {name: value for name, value in stored.items() if name != "rule"}
    try:
        line: Line = adapter.validate_python(values)
    except ValidationError as error:
        raise UnknownRule(f"inputs of {stored['rule']}: {error}") from error
    return line


def licensed(
    card: RateCard,
    currency: str,
    *,
    quantity: Decimal = ONE,
    each: bool = False,
    share: Share = WHOLE,
) -> Charge | Licensed:
    """The charge for what is had: a fee, or so many seats, for a share of a period.

    ``each`` says that a flat amount is due for every one of them. A price that is
    nothing but an amount in whole minor units gives the plain rule, which is read most
    easily.
    """
    if each and isinstance(card.price, Flat) and quantity != ONE:
        card = replace(card, price=PerUnit(card.price.amount))
    if (unit := _plain(card, currency, quantity)) is None:
        return Licensed(card=card, currency=currency, quantity=quantity, share=share)
    times = 1 if isinstance(card.price, Flat) else int(quantity)
    return replace(share_of(unit, currency, share), quantity=times)


def _plain(card: RateCard, currency: str, quantity: Decimal) -> int | None:
    """Minor units of one of them, where the card says no more than that."""
    price = card.price
    if card != RateCard(price) or not isinstance(price, Flat | PerUnit):
        return None
    each = price.amount if isinstance(price, Flat) else price.unit_amount
    if isinstance(price, PerUnit) and (price.minimum or quantity != int(quantity)):
        return None
    minor = money.unrounded(each, currency)
    return int(minor) if minor.denominator == 1 else None


def share_of(
    price: int,
    currency: str,
    share: Share,
    *,
    credit: bool = False,
    at_most: int | None = None,
) -> Charge:
    """The charge (or credit) for a share of a period, however it was counted."""
    return Charge(
        unit_amount=price,
        currency=currency,
        part=share.part,
        whole=share.whole,
        before=share.before,
        unit=share.unit,
        places=share.places,
        credit=credit,
        at_most=at_most,
    )


def credit_of(charged: int, currency: str, share: Share, most: int) -> Charge:
    """The credit for a share of what was charged, and never more than ``most``."""
    at_most = most if share.of(charged) > most else None
    return share_of(charged, currency, share, credit=True, at_most=at_most)


def _signed(due: int, credit: bool, at_most: int | None) -> int:
    if not credit:
        return due
    return -due if at_most is None else -max(0, min(due, at_most))


def _told(price: str, line: Charge | Licensed) -> str:
    sign = "credit for " if line.credit else ""
    whole = line.share.part == line.share.whole
    told = f"{sign}{price}" if whole else f"{sign}{line.share.words} of {price}"
    if line.credit and line.at_most is not None:
        told += f", at most {money.text(line.at_most, line.currency)}"
    return told
