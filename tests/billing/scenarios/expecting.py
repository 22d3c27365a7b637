"""What a scenario expects of a step, from its figures and, where it has none, words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from billing.drafts import DraftLine
from billing.models import InvoiceLine
from billing.rating import money
from tests.billing.scenarios.wording import amount

REFUSED = re.compile(r"creation fails|not allowed", re.IGNORECASE)
ITEMS = {"only one": 1, "one": 1, "two": 2, "three": 3, "2": 2, "3": 3}
COUNTED = re.compile(r"with (only one|one|two|three) invoice item|has (\d) invoice")
FOR = re.compile(r"\bfor \$([\d.,]+)")
CREDIT = re.compile(r"credit of \$([\d.,]+)")
NOTHING = re.compile(
    r"no invoice|not generate|not invoiced|NOT generated|created|^-$"
    r"|takes effect end of term",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Seen:
    """An invoice, or what would be one: total, days, number of lines."""

    total: Decimal
    start: str
    end: str
    lines: int


def of_lines(lines: Sequence[InvoiceLine | DraftLine], currency: str) -> Seen | None:
    """What lines come to, and over which days; None where there are none."""
    if not lines:
        return None
    total = money.to_major(sum(line.amount for line in lines), currency)
    spans = [_span(line) for line in lines]
    starts, ends = zip(*spans, strict=True)
    return Seen(total, min(starts), max(ends), len(lines))


def _span(line: InvoiceLine | DraftLine) -> tuple[str, str]:
    if isinstance(line, DraftLine):
        start, end = line.period.start, line.period.end
    else:
        assert line.period_start
        assert line.period_end
        start, end = line.period_start, line.period_end
    return str(start.astimezone(UTC).date()), str(end.astimezone(UTC).date())


def check(expected: dict[str, Any], seen: Seen | None, refusal: str) -> list[str]:
    """What is not as it is expected; nothing where all is."""
    said = " ".join(expected["result"].replace("`", "").split())
    if REFUSED.search(said):
        return [] if refusal else [f"not refused: {said}"]
    if refusal:
        return [f"refused ({refusal}): {said}"]
    wrong = [
        problem
        for invoice in expected["invoices"]
        for problem in _invoice(invoice, seen, credit="credit of" in said)
    ]
    return wrong or _words(said, seen, figures=bool(expected["invoices"]))


def _invoice(invoice: dict[str, Any], seen: Seen | None, *, credit: bool) -> list[str]:
    due = amount(invoice["amount"])
    due = -due if credit else due
    total = seen.total if seen else Decimal(0)
    wrong = [f"total {total}, not {due}"] if total != due else []
    for name in ("start", "end"):
        day = invoice.get(name)
        if day and (seen is None or getattr(seen, name) != day):
            wrong.append(f"{name} of {seen}, not {day}")
    return wrong


def _words(said: str, seen: Seen | None, *, figures: bool) -> list[str]:
    counted = COUNTED.search(said)
    if counted and not (seen and not seen.total):
        number = ITEMS[counted[1] or counted[2]]
        if (seen.lines if seen else 0) != number:
            return [f"{seen}, not {number} lines"]
    if figures:
        return []
    if credit := CREDIT.search(said):
        due = -amount(credit[1])
        return [] if seen and seen.total == due else [f"{seen}, not {due}"]
    if total := FOR.search(said):
        due = amount(total[1])
        return [] if (seen.total if seen else 0) == due else [f"{seen}, not {due}"]
    if NOTHING.search(said) and not counted and seen is not None:
        return [f"{seen}, but nothing was expected"]
    return []
