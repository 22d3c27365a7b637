"""What an agent did in some days, read from the audit trail and nothing else.

Figures are added up from the newest entries of the time, at most ``MOST`` of them, so
the page costs the same for an agent that calls all day; whether there were more is
said.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from paybill_site.kernel.models import AuditEntry

MOST = 5000
SHOWN = 50
DENIED = "denied"
ALLOWED = frozenset({"done", "read", "rehearsed"})


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of the trail, as the timeline shows it."""

    entry: AuditEntry
    tool: str
    rule: str
    why: str
    facts: Mapping[str, Any]

    @property
    def denied(self) -> bool:
        return self.entry.outcome == DENIED


@dataclass(slots=True)
class Activity:
    """Figures of some days. Money is in minor units by currency."""

    days: int
    calls: int = 0
    denied: int = 0
    rehearsed: int = 0
    rows_read: int = 0
    rows_changed: int = 0
    waited: int = 0
    more: bool = False
    money: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_tool: Counter[str] = field(default_factory=Counter)
    by_day: dict[date, list[int]] = field(default_factory=dict)
    timeline: list[Deed] = field(default_factory=list)
    shadow: Counter[str] = field(default_factory=Counter)

    @property
    def allowed(self) -> int:
        return self.calls - self.denied


def of_agent(public_id: str, days: int, now: datetime | None = None) -> Activity:
    """The activity of the last ``days`` days, today included. Two queries."""
    today = (now or timezone.now()).date()
    first = today - timedelta(days=days - 1)
    found = Activity(days=days)
    found.by_day = {first + timedelta(days=n): [0, 0] for n in range(days)}
    entries = _entries(public_id, first)
    found.more = len(entries) > MOST
    for entry in entries[:MOST]:
        _add(found, _deed(entry))
    return found


def _entries(public_id: str, first: date) -> list[AuditEntry]:
    start = timezone.make_aware(datetime(first.year, first.month, first.day))
    rows = AuditEntry.objects.filter(actor=public_id, at__gte=start)
    return list(rows.order_by("-id")[: MOST + 1])


def deeds(public_id: str, before: int | None = None) -> list[Deed]:
    """A page of the timeline, newest first, behind the entry numbered ``before``."""
    rows = AuditEntry.objects.filter(actor=public_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_deed(entry) for entry in rows.order_by("-id")[:SHOWN]]


def _deed(entry: AuditEntry) -> Deed:
    facts = json.loads(entry.body.partition("\n")[2])
    tool = str(facts.get("tool") or entry.target.removeprefix("tool:"))
    if entry.target.startswith("tool:"):
        tool = entry.target.removeprefix("tool:")
    return Deed(
        entry=entry,
        tool=tool,
        rule=str(facts.get("rule", "")),
        why=str(facts.get("why", "")),
        facts=facts,
    )


def _add(found: Activity, deed: Deed) -> None:
    facts = deed.facts
    found.calls += 1
    found.by_tool[deed.tool] += 1
    day = found.by_day.get(deed.entry.at.date())
    if day is not None:
        day[deed.denied] += 1
    if deed.denied:
        found.denied += 1
        found.by_rule[deed.rule or "refused"] += 1
        found.waited += deed.rule == "approval"
    found.rehearsed += deed.entry.outcome == "rehearsed"
    found.rows_changed += len(facts.get("rows") or ())
    found.rows_read += int(facts.get("most_rows") or 0)
    for currency, minor in _pairs(facts.get("amounts")):
        found.money[currency] += minor
    for name in _in_shadow(facts):
        found.shadow[name] += 1


def _pairs(amounts: Any) -> Iterable[tuple[str, int]]:
    return amounts.items() if isinstance(amounts, dict) else ()


def _in_shadow(facts: Mapping[str, Any]) -> Iterable[str]:
    """Rules and limits that are only tried out, and would have changed the verdict."""
    told = facts.get("shadow")
    if isinstance(told, dict) and told.get("would") not in {"same", "unknown"}:
        yield from map(str, told.get("rules") or ())
    for limit in facts.get("shadow_limits") or ():
        yield str(limit.get("id", ""))
