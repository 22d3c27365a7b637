"""What would happen, as a person approves it; and whether it is still the same.

A plan is everything that an approval is bound to: who acts for whom, tool, arguments,
the run and its step, the target's version, each row that changes, each event that goes
out. Its digest is keyed, so that nobody guesses a short secret from it.

What happens later is told in the terms of what was shown: rows that are made get other
ids each time, and a moment counts by its distance from the moment of the call. With
that settled, everything has to be equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.crypto import salted_hmac

from agents.workflows.stepping import Taken
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.schemas import snapshot

SLACK = timedelta(minutes=2)
# The frame's own bookkeeping: it tells nobody outside anything.
OWN_EVENTS = "agents."
KEYS = frozenset({"id", "public_id"})

type Change = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen at ``at``; ``step`` names run, version, state and step."""

    who: tuple[str, str, str]
    action: str
    arguments: str
    target: str
    version: str
    step: tuple[str, ...]
    at: datetime
    changes: tuple[Change, ...] = ()
    events: tuple[Change, ...] = ()

    def digest(self) -> str:
        """SHA-256, keyed, of everything but the moment."""
        said = [
            *(self.who, self.action, self.arguments, self.target, self.version),
            *(self.step, self.changes, self.events),
        ]
        text = json.dumps(said, sort_keys=True, default=str)
        return salted_hmac("agents.approval", text, algorithm="sha256").hexdigest()

    def shown(self) -> dict[str, Any]:
        """What is kept for the person who decides, and for the comparison later."""
        return {
            "version": self.version,
            "step": list(self.step),
            "at": self.at.isoformat(),
            "changes": [dict(change) for change in self.changes],
            "events": [dict(event) for event in self.events],
        }


def who(actor: Actor) -> tuple[str, str, str]:
    """The agent, the person for whom it acts, and the digest of its standing."""
    return actor.id, actor.behalf.id if actor.behalf else "", actor.standing


def version_of(target: Any) -> str:
    """Digest of every column of a row: the version of what is acted on."""
    return digest_of(snapshot(target)) if isinstance(target, models.Model) else ""


def place_of(taken: Taken | None) -> tuple[str, ...]:
    """Where in which run a step stands, or nothing."""
    if taken is None:
        return ()
    run = taken.run
    return (run.public_id, run.version, run.state, str(run.taken), taken.step.name)


def events_of(events: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The events that go out, without the frame's own bookkeeping."""
    return tuple(e for e in events if not str(e["name"]).startswith(OWN_EVENTS))


def difference(shown: Mapping[str, Any], now: Plan) -> str:
    """What is other than it was shown, in a few words for people; "" when nothing."""
    if list(now.step) != shown["step"]:
        return "the run has gone on"
    if now.version != shown["version"]:
        return "what it acts on has changed"
    if list(now.changes) != shown["changes"]:
        return "other rows would change than were shown"
    if list(now.events) != shown["events"]:
        return "other events would go out than were shown"
    return ""


def in_terms_of(shown: Mapping[str, Any], now: Plan) -> Plan:
    """The plan with the ids of new rows, and its moments, as they were shown."""
    names = _renamed(shown["changes"], now.changes)
    terms = _Terms(names, datetime.fromisoformat(shown["at"]), now.at)
    return replace(
        now,
        changes=tuple(
            terms.settle(was, change, keys=_is_key(change))
            for was, change in _paired(shown["changes"], now.changes)
        ),
        events=tuple(
            terms.settle(was, event)
            for was, event in _paired(shown["events"], now.events)
        ),
    )


def _renamed(shown: Iterable[Change], now: Iterable[Change]) -> dict[str, str]:
    """Id of each row that is made -> the id under which it was shown."""
    before, after = _made(shown), _made(now)
    if [_label(row) for row in before] != [_label(row) for row in after]:
        return {}
    names = {}
    for old, new in zip(before, after, strict=True):
        names[new] = old
        for here, there in zip(before[old], after[new], strict=False):
            names[str(there)] = str(here)
    return names


def _made(changes: Iterable[Change]) -> dict[str, list[Any]]:
    """Rows that were not there before, in order, with the values of their keys."""
    made: dict[str, list[Any]] = {}
    for change in changes:
        if change["field"] in KEYS and change["before"] is None:
            made.setdefault(str(change["row"]), []).append(change["after"])
    return made


def _label(row: str) -> str:
    return row.partition(":")[0]


def _paired(shown: Sequence[Any], now: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each of ``now`` with what was shown in its place, None where nothing was."""
    for place, value in enumerate(now):
        yield (shown[place] if place < len(shown) else None), value


def _is_key(change: Change) -> bool:
    """Whether a change is of a column that holds the number of a row."""
    if change["field"] in KEYS:
        return True
    try:
        model = apps.get_model(_label(str(change["row"])))
        return bool(model._meta.get_field(str(change["field"])).is_relation)
    except (LookupError, ValueError, FieldDoesNotExist):
        return False


@dataclass(frozen=True, slots=True)
class _Terms:
    names: Mapping[str, str]
    then: datetime
    now: datetime

    def settle(self, shown: Any, value: Any, *, keys: bool = False) -> Any:
        """The value, as it was shown if it is the same one.

        ``keys``: numbers are those of rows, and so may be other ones for new rows.
        """
        if isinstance(value, Mapping):
            its = shown if isinstance(shown, Mapping) else {}
            return {k: self.settle(its.get(k), v, keys=keys) for k, v in value.items()}
        if isinstance(value, list):
            known = shown if isinstance(shown, list) else []
            return [self.settle(a, b, keys=keys) for a, b in _paired(known, value)]
        if self._is_renamed(shown, value, keys=keys) or self._is_moment(shown, value):
            return shown
        return value

    def _is_renamed(self, shown: Any, value: Any, *, keys: bool) -> bool:
        if type(value) is int and type(shown) is int:
            return keys and self.names.get(str(value)) == str(shown)
        if not isinstance(value, str) or not isinstance(shown, str):
            return False
        if ":" in value and self.names.get(value) == shown:
            return True
        for new, old in self.names.items():
            if is_id(new):
                value = value.replace(new, old)
        return bool(value == shown)

    def _is_moment(self, shown: Any, value: Any) -> bool:
        try:
            one, other = (datetime.fromisoformat(str(v)) for v in (shown, value))
            return abs((other - self.now) - (one - self.then)) < SLACK
        except (TypeError, ValueError):
            return False
