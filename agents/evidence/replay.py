"""``./paybill replay run ID``: a recorded run of an agent is decided again.

ID is a workflow's run, or one recorded call. Each call is decided on the rows as they
were just before it, so what people did in between (an approval, a new rule) counts as
it did then. With ``--with current-rules`` today's rules, grants, limits and bindings
decide instead, and what would be decided otherwise is shown, not counted as wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from agents.evidence.deciding import Decided, Verdict, decide
from agents.models import RecordedCall, WorkflowRun
from agents.replays import Say, replay
from paybill_site.kernel import planes, workflows
from paybill_site.kernel.history import KEPT

TODAY = "current-rules"


@replay
class Run:
    """Recorded calls, decided again in a transaction that is rolled back."""

    name = "run"
    help = "decide a recorded run again on its starting state"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="wfr_... of a run, or rec_... of one call")
        parser.add_argument("--tenant", help="public id; else every plane is searched")
        parser.add_argument(
            "--with", dest="using", choices=[TODAY], help="let today's rules decide"
        )
        parser.add_argument("--json", action="store_true", help="print JSON alone")

    def run(self, options: Mapping[str, Any], say: Say) -> bool:
        place, calls = _recorded(options["id"], options.get("tenant"))
        today = options.get("using") == TODAY
        with planes.plane(place):
            decided = [decide(call, current_rules=today) for call in calls]
            notes = _notes(calls)
        same = all(one.same for one in decided)
        if options.get("json"):
            say(json.dumps(_told(decided, notes, same), default=str, indent=2))
        else:
            for line in (*map(_line, decided), *notes):
                say(line)
            say(_sum(decided, today=today))
        return same or today


def _recorded(name: str, tenant: str | None) -> tuple[planes.Place, list[RecordedCall]]:
    """The plane and the calls, oldest first. Raises CommandError."""
    wanted = {"run": name} if name.startswith("wfr_") else {"public_id": name}
    for place in _places(tenant):
        with planes.plane(place):
            calls = list(RecordedCall.objects.filter(**wanted).order_by("pk"))
        if calls:
            return place, calls
    raise CommandError(
        f"no call of {name} is on record; they are kept for {KEPT.days} days"
    )


def _places(tenant: str | None) -> list[planes.Place]:
    if not tenant:
        return list(planes.every_place())
    place = planes.place_of(tenant)
    if place is None:
        raise CommandError(f"there is no tenant {tenant}")
    return [place]


def _notes(calls: list[RecordedCall]) -> list[str]:
    """What the reader has to know beside the verdicts."""
    run = WorkflowRun.objects.filter(public_id=calls[0].run).first()
    known = workflows.registry.get(run.workflow) if run else None
    if run and (known is None or known.version() != run.version):
        return [f"the declaration of {run.workflow} is another one than at the time"]
    return []


def _line(one: Decided) -> str:
    sign = "same" if one.same else "OTHER"
    shown = f"{sign:5}  {one.call.at:%Y-%m-%d %H:%M:%S}  {one.call.action}"
    shown += f"  {_words(one.then)}"
    if one.same:
        return shown
    if (one.then.outcome, one.then.rule) != (one.now.outcome, one.now.rule):
        return f"{shown}, now {_words(one.now)}"
    differing = sorted(set(one.then.lines) ^ set(one.now.lines), key=repr)
    rows = "; ".join(f"{row} {name}: {new}" for row, name, _, new in differing[:5])
    return f"{shown}, but other rows: {rows}"


def _words(verdict: Verdict) -> str:
    return verdict.outcome + (f" ({verdict.rule})" if verdict.rule else "")


def _sum(decided: list[Decided], *, today: bool) -> str:
    same = sum(one.same for one in decided)
    by = "today's rules" if today else "the rules of the time"
    return f"{len(decided)} calls decided again by {by}: {same} the same"


def _told(decided: list[Decided], notes: list[str], same: bool) -> dict[str, Any]:
    return {
        "calls": [
            {
                "call": one.call.public_id,
                "at": one.call.at,
                "action": one.call.action,
                "same": one.same,
                "then": _verdict(one.then),
                "now": _verdict(one.now),
            }
            for one in decided
        ],
        "notes": notes,
        "same": same,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "changes": [
            {"row": row, "field": name, "before": before, "after": after}
            for row, name, before, after in verdict.lines
        ],
    }
