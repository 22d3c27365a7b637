"""What a plan costs a month: before, after, and what could not be priced.

1. A price is for a type, and by a choice (an instance class), by a number (GiB) or for
   one. It is multiplied by the factor of the region, and rounded to minor units once,
   half to even, line by line. Sums are sums of lines: nothing is rounded twice.
2. A type is in the table, paid by use, free, or unknown. All but the first and the
   third are listed as without a price, with the reason; nothing is left out.
3. All money is integer minor units of one currency. There are no floats.
The figures are what ``tables/prices.toml`` says they are: list prices of a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change
from provisioning.gates.tables import table

MINOR = Decimal(100)
MOST = 10**9  # of anything; a larger number is a fault and has no price


class Unpriced(Exception):
    """The reason why something has no price."""


@dataclass(frozen=True, slots=True)
class Line:
    """One priced part of one resource, in minor units a month."""

    address: str
    what: str
    before: int
    after: int


def estimate(rows: list[Change], context: Context) -> dict[str, Any]:
    """The estimate as it is stored with the run."""
    prices = table("prices")
    lines, unpriced = [], []
    for row, entry in _parts(rows):
        try:
            lines.append(_line(row, entry, context))
        except Unpriced as reason:
            unpriced.append({"address": row.address, "why": str(reason)})
    before, after = sum(one.before for one in lines), sum(one.after for one in lines)
    return {
        "currency": prices["currency"],
        "as_of": prices["as_of"],
        "basis": prices["basis"],
        "before": before,
        "after": after,
        "difference": after - before,
        "lines": [asdict(one) for one in lines],
        "unpriced": unpriced,
    }


def _parts(rows: list[Change]) -> Iterator[tuple[Change, dict[str, Any]]]:
    """Each resource with each entry of its type; with an empty one where is none."""
    for row in rows:
        known = [e for e in table("prices")["price"] if e["type"] == row.type]
        for entry in known or [{}]:
            if entry or not _is_free(row.type):
                yield row, entry


def _is_free(kind: str) -> bool:
    free = table("prices")["free"]["types"]
    use = table("prices")["use"]
    return kind not in use and any(fnmatchcase(kind, pattern) for pattern in free)


def _line(row: Change, entry: dict[str, Any], context: Context) -> Line:
    prices = table("prices")
    if not entry:
        why = prices["use"].get(row.type)
        raise Unpriced(f"paid by use: {why}" if why else "not in the table of prices")
    factor = prices["regions"].get(context.cloud, {}).get(context.region)
    if factor is None:
        raise Unpriced(f"there are no prices for {context.cloud} {context.region}")
    before = _price(entry, row.old_values, row.before, Decimal(factor))
    after = _price(entry, row.values, row.after, Decimal(factor))
    return Line(row.address, entry["what"], before, after)


def _price(entry: dict[str, Any], values: Any, state: Any, factor: Decimal) -> int:
    """Minor units a month; 0 where the resource does not exist. Raises Unpriced."""
    if state is None:
        return 0
    amount = _unit(entry, values) * factor
    if "twice_if" in entry:
        name, wanted = entry["twice_if"]
        amount *= 2 if wanted in values(name) else 1
    return int((amount * MINOR).quantize(Decimal(1), ROUND_HALF_EVEN))


def _unit(entry: dict[str, Any], values: Any) -> Decimal:
    if "by" in entry:
        return _chosen(entry, values(entry["by"]))
    price = Decimal(entry["month"])
    if "times" not in entry:
        return price
    numbers = [_number(entry["times"], value) for value in values(entry["times"])]
    return price * sum(numbers, Decimal(0)) / Decimal(entry.get("per", "1"))


def _chosen(entry: dict[str, Any], values: list[Any]) -> Decimal:
    total = Decimal(0)
    for value in values:
        price = entry["month"].get(str(value))
        if value in HIDDEN:
            raise Unpriced(f"{entry['by']}: {value}")
        if price is None:
            raise Unpriced(f"no price for {entry['by']} {value}"[:300])
        total += Decimal(price)
    return total


def _number(name: str, value: Any) -> Decimal:
    if value is None:
        return Decimal(0)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Unpriced(f"{name}: {value}"[:300]) from None
    if not (number.is_finite() and 0 <= number <= MOST):
        raise Unpriced(f"{name}: {value}"[:300])
    return number
