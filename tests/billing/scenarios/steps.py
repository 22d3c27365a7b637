"""Reads steps in words: each sentence is one thing that is done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tests.billing.scenarios.wording import name_of

DAY = r"(?P<day>\d{4}-\d\d-\d\d)"
# The first that fits counts.
KNOWN = (
    ("account", r"create a(?: new)? account.*?(?:bcd as (?P<number>\d+)|$)"),
    ("upload", rf"set the date to {DAY} and upload"),
    (
        "addon",
        rf"add (?:the )?(?P<plan>[\w-]+) add-on to the existing subscription.*?{DAY}",
    ),
    (
        "subscribe",
        r"create (?:a|another) subscription"
        rf"(?:.*?(?P<plan>[\w-]+) plan)?(?:.*?{DAY})?",
    ),
    ("dry run", rf"trigger invoice dry run with target date {DAY}"),
    ("clock", rf"move the clock to\s+{DAY}"),
    (
        "usage",
        rf"record a usage of (?P<number>\d+)(?: for the (?P<plan>[\w-]+) unittype)?"
        rf".*?{DAY}",
    ),
    ("cancel addon", r"cancel add-on subscription"),
    ("cancel", r"cancel (?:base )?subscription"),
    ("change", r"change subscription to use the (?P<plan>[\w-]+) plan"),
)


@dataclass(frozen=True)
class Do:
    """One thing to do, with the plan, the day and the number that it is about."""

    verb: str
    plan: str = ""
    day: datetime | None = None
    number: Decimal | None = None
    later: bool = False


def read(text: str) -> Iterator[Do]:
    """What a step says to do, sentence by sentence. Raises ValueError."""
    words = " ".join(text.replace("`", "").split())
    for sentence in re.split(r"(?<=[\d)])\s*\.\s+(?=[A-Z])", words):
        yield _read(sentence)


def _read(sentence: str) -> Do:
    for verb, form in KNOWN:
        found = re.search(form, sentence, re.IGNORECASE)
        if found is None:
            continue
        said = {"plan": "", "day": None, "number": None, **found.groupdict()}
        day, number = said["day"], said["number"]
        return Do(
            verb,
            name_of(said["plan"] or ""),
            datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None,
            Decimal(number) if number else None,
            "future date" in sentence,
        )
    raise ValueError(f"nobody knows how to do this: {sentence}")
