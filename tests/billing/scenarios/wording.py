"""Reads plans in words: what a phase costs, how often, and for how long."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

INTERVALS = {
    "week": "week",
    "month": "month",
    "annual": "year",
    "year": "year",
    "dai": "day",
    "quarter": "month",
}
COUNTS = {"quarter": 3}
KINDS = {
    "TRIAL": "trial",
    "DISCOUNT": "discount",
    "FIXEDTERM": "fixed_term",
    "EVERGREEN": "evergreen",
}
PHASE = re.compile(r"\b(TRIAL|DISCOUNT|FIXEDTERM|EVERGREEN)\b")
LENGTH = re.compile(r"(?:phase of|period of)\s+(\d+)\s+(day|week|month|year)s?")
AMOUNT = re.compile(r"(?:recurring )?charge of \$([\d.,]+)|\$([\d.,]+) recurring")
FIXED = re.compile(r"fixed price of \$([\d.,]+)")
EVERY = re.compile(r"\b(week|month|annual|year|dai|quarter)(?:ly|al)?\b", re.IGNORECASE)

type Terms = dict[str, Any]


def name_of(words: str) -> str:
    """``standard_monthly`` and ``Standard-Monthly`` are one plan."""
    return words.strip().strip("`.,").replace("_", "-").lower()


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("$", "").rstrip("."))


def interval(words: str, name: str) -> tuple[str, int]:
    """How often, by the words, else by the plan's name."""
    for said in (words, name.replace("-", " ")):
        if found := EVERY.search(said):
            word = found[1].lower()
            return INTERVALS[word], COUNTS.get(word, 1)
    return "month", 1


def flat(each: Decimal) -> Terms:
    return {"price": {"model": "flat", "amount": str(each)}}


def duration(words: str) -> str | None:
    found = LENGTH.search(words)
    return f"P{found[1]}{found[2][0].upper()}" if found else None


def plan(name: str, words: str, *, arrears: bool, addon: bool) -> Terms:
    """Prices, interval and trial of a plan that is told in words."""
    parts = _parts(words)
    every, count = interval(words, name)
    fee: Terms = {"code": "base", "kind": "fee"}
    if arrears:
        fee["timing"] = "arrears"
    prices = [fee]
    trial = 0
    if not addon and parts[0][0] == "trial":
        trial = int((duration(parts[0][1]) or "P0D")[1:-1])
        parts = parts[1:]
    if len(parts) == 1 and parts[0][0] != "fixed_term":
        fee["card"] = flat(_amount(parts[0][1]))
    else:
        fee["phases"] = [_phase(kind, told) for kind, told in parts]
    if fixed := FIXED.search(words):
        once = {"code": "fixed", "kind": "once", "card": flat(amount(fixed[1]))}
        prices.append(once)
    return {
        "interval": every,
        "interval_count": count,
        "trial_days": trial,
        "prices": prices,
    }


def _parts(words: str) -> list[tuple[str, str]]:
    marks = list(PHASE.finditer(words))
    if not marks:
        return [("evergreen", words)]
    ends = [mark.start() for mark in marks[1:]] + [len(words)]
    return [
        (KINDS[mark[1]], words[mark.start() : end])
        for mark, end in zip(marks, ends, strict=True)
    ]


def _phase(kind: str, words: str) -> Terms:
    phase: Terms = {"kind": kind}
    if kind != "trial":
        phase["card"] = flat(_amount(words))
    if kind != "evergreen":
        phase["duration"] = duration(words)
    return phase


def _amount(words: str) -> Decimal:
    found = AMOUNT.search(words)
    return amount(found[1] or found[2]) if found else Decimal(0)


def tiers(policy: str, blocks: tuple[tuple[str, str, str], ...]) -> Terms:
    """The price of a unit's blocks: all tiers, the top one, or capacity."""
    size = Decimal(blocks[0][0])
    model = {"all tiers": "graduated", "top tier": "volume", "capacity": "stairstep"}
    per = "flat_amount" if policy == "capacity" else "unit_amount"
    steps: list[Terms] = []
    reached = Decimal(0)
    for number, (_, price, most) in enumerate(blocks, start=1):
        # Blocks of a tier are counted within it; a capacity is a level.
        reached = Decimal(most) if policy == "capacity" else reached + Decimal(most)
        last = number == len(blocks)
        steps.append({"up_to": None if last else str(reached), per: str(amount(price))})
    found: Terms = {"model": model[policy], "tiers": steps}
    if size > 1:
        found |= {"model": "graduated_by_package", "size": str(size)}
    return {"price": found}
