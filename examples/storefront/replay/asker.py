"""Calls of the assistant through the one dispatch, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from agents import dispatch
from agents.answers import Answer
from agents.errors import TooSlow
from examples.storefront.replay.asking import Asked
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError

ACCEPTED, REFUSED, BROKEN = "accepted", "refused", "broken"
PATIENCE = 2  # more tries of a read that was stopped for its time


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a call ended. ``rule`` is the code of a refusal, or what broke."""

    is_: str
    rule: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False

    def __str__(self) -> str:
        return f"{self.is_} ({self.rule})" if self.rule else self.is_


def call(
    actor: Actor,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    key: str = "",
    dry_run: bool = False,
) -> Verdict:
    """One call of one of our tools."""
    try:
        answer = _patiently(actor, tool, arguments, key=key, dry_run=dry_run)
    except PaybillError as refusal:
        return Verdict(REFUSED, code_of(refusal))
    except Exception as error:  # noqa: BLE001 - a breakdown is a result to report
        return Verdict(BROKEN, f"{type(error).__name__}: {error}"[:300])
    if answer.approval:
        return Verdict(REFUSED, "awaiting_approval")
    return Verdict(ACCEPTED, "", answer.result, answer.repeated)


def _patiently(actor: Actor, tool: str, arguments: Any, **more: Any) -> Answer:
    """A read that was stopped for its time is asked again.

    The machine was busy, and that says nothing of the rules.
    """
    for _ in range(PATIENCE):
        with suppress(TooSlow):
            return dispatch.call(actor, tool, arguments, **more)
    return dispatch.call(actor, tool, arguments, **more)


def code_of(refusal: PaybillError) -> str:
    """The code of the rule that was broken; a schema's with the field that it is of."""
    rule = str(refusal.members.get("rule") or refusal.code)
    errors = refusal.members.get("errors") or ()
    fields = {str(one.get("field", "")).partition(".")[0] for one in errors}
    return ":".join((rule, *sorted(filter(None, fields))[:1]))


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it was asked for: in which run, under which key."""

    run: str
    key: str


class Conversation:
    """The assistant with one customer: runs that are open are gone on with."""

    def __init__(self, actor: Actor, name: str) -> None:
        self.actor, self.name = actor, name
        self.last = Taken("", "")
        self._runs: dict[tuple[str, str], str] = {}
        self._number = 0

    def count(self) -> int:
        """Another number each time, for keys."""
        self._number += 1
        return self._number

    def write(self, asked: Asked, key: str, *, dry_run: bool = False) -> Verdict:
        """Start the workflow, unless its run is open, and take its step."""
        run = self._run(asked, key)
        if isinstance(run, Verdict):
            self.last = Taken("", f"{self.name}:{key}:start")
            return run
        arguments = {**asked.arguments, "run": run}
        self.last = Taken(run, f"{self.name}:{key}:step")
        done = call(
            self.actor, asked.tool, arguments, key=self.last.key, dry_run=dry_run
        )
        if done.is_ == ACCEPTED and not dry_run:
            self._runs.pop((asked.start, str(asked.subject)), None)
        return done

    def again(self, asked: Asked, taken: Taken) -> Verdict:
        """The very same call once more: the step, or the start that was refused."""
        if not taken.run:
            return call(self.actor, asked.start, {"id": asked.subject}, key=taken.key)
        arguments = {**asked.arguments, "run": taken.run}
        return call(self.actor, asked.tool, arguments, key=taken.key)

    def _run(self, asked: Asked, key: str) -> str | Verdict:
        """The public id of the run; or why there is none."""
        place = (asked.start, str(asked.subject))
        if place not in self._runs:
            key = f"{self.name}:{key}:start"
            begun = call(self.actor, asked.start, {"id": asked.subject}, key=key)
            if begun.is_ != ACCEPTED:
                return begun
            self._runs[place] = str(begun.result["id"])
        return self._runs[place]
