"""Rows in the folder's form: brought to one shape, so that they can be compared.

Money is compared in cents. The reference counts it in binary fractions, so what it
left may be a hair's breadth beside a cent; more than that is another amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MONEY = frozenset({"price", "amount", "balance", "exchange_price_difference"})
# What an order has only after something was done; left out, it is nothing.
LATER = (
    "cancel_reason",
    "exchange_items",
    "exchange_new_items",
    "exchange_payment_method_id",
    "exchange_price_difference",
    "return_items",
    "return_payment_method_id",
)
HAIR = 1e-6
MISSING = "(missing)"


def cents(amount: Any) -> int:
    """An amount as a whole number of cents. Raises ValueError for parts of a cent."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError(f"{amount!r} is no amount")
    whole = round(amount * 100)
    if abs(amount * 100 - whole) > HAIR:
        raise ValueError(f"{amount!r} is not in cents")
    return whole


def amount(minor: int | None) -> float | None:
    """Cents as the folder writes them."""
    return None if minor is None else minor / 100


def canonical(table: str, row: Any) -> Any:
    """The row with money in cents and, of an order, what it may have later."""
    if table == "orders" and isinstance(row, Mapping):
        row = dict.fromkeys(LATER) | dict(row)
    return _cents(row)


def _cents(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: cents(inner) if name in MONEY and inner is not None else _cents(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_cents(inner) for inner in value]
    return value


def differences(expected: Any, got: Any, path: str = "") -> list[str]:
    """Where two canonical values differ: the path, what was expected, what is there."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        names = sorted(expected.keys() | got.keys())
        inner = [
            (f"{path}.{name}", expected.get(name, MISSING), got.get(name, MISSING))
            for name in names
        ]
    elif _are_lists(expected, got):
        pairs = zip(expected, got, strict=True)
        inner = [(f"{path}[{n}]", one, other) for n, (one, other) in enumerate(pairs)]
    elif expected == got and type(expected) is type(got):
        return []
    else:
        return [f"{path.lstrip('.')}: {expected!r}, not {got!r}"]
    return [found for at, one, other in inner for found in differences(one, other, at)]


def _are_lists(one: Any, other: Any) -> bool:
    lists = isinstance(one, list) and isinstance(other, list)
    return lists and len(one) == len(other)
