"""Nothing is larger than the size that was bought."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change
from provisioning.gates.tables import table
from provisioning.gates.verdict import Finding


def rule(rows: list[Change], context: Context) -> Iterator[Finding]:
    """The run's size, then every instance class and number that the table bounds."""
    order: list[str] = table("sizes")["order"]
    if context.entitled_size not in order:
        says = f"the tenant is entitled to the unknown size {context.entitled_size}"
        yield Finding(level="refuse", says=says)
        return
    bought = order.index(context.entitled_size)
    if context.size not in order or order.index(context.size) > bought:
        says = f"the run is for size {context.size}, bought is {context.entitled_size}"
        yield Finding(level="refuse", says=says)
    for row in rows:
        if row.makes:
            yield from _choices(row, order[: bought + 1], order)
            yield from _numbers(row, context.entitled_size)


def _choices(row: Change, bought: list[str], order: list[str]) -> Iterator[Finding]:
    for entry in table("sizes")["choice"]:
        if entry["type"] != row.type:
            continue
        allowed = {item for size in bought for item in entry[size]}
        known = {item for size in order for item in entry[size]}
        for value in row.values(entry["attribute"]):
            if value is not None and str(value) not in allowed:
                yield _outside(row, entry["attribute"], value, known=value in known)


def _outside(row: Change, name: str, value: Any, *, known: bool) -> Finding:
    if value in HIDDEN:
        says = f"{name} can not be compared with what was bought: {value}"
    elif known:
        says = f"{name} {value} is of a larger size than what was bought"
    else:
        says = f"{name} {value} is not in the table of sizes"
    level = "refuse" if known else "approve"
    return Finding(address=row.address, level=level, says=says[:500])


def _numbers(row: Change, size: str) -> Iterator[Finding]:
    for entry in table("sizes")["most"]:
        if entry["type"] != row.type:
            continue
        name, unit, most = entry["attribute"], entry["unit"], entry[size]
        for value in row.values(name):
            number = _number(value)
            if value is not None and number is None:
                says = f"{name} can not be compared with what was bought: {value}"
                level = "approve"
            elif number is not None and number > most:
                says = f"{name} is {value} {unit}, at most {most} were bought"
                level = "refuse"
            else:
                continue
            yield Finding.model_validate(
                {"address": row.address, "level": level, "says": says[:500]}
            )


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
