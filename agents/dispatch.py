"""One call of one tool by one agent: the same behind every edge.

1. Admit: the tool exists here, the token has its scope, the agent some grant, and
   the arguments fit their schema. A refusal is recorded with its rule.
2. A tool that acts is an action: ``perform`` or ``rehearse`` does the rest.
3. A tool that reads is recorded first; only when that is committed the query runs,
   so there is no answer without a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.errors import KeyNeeded
from agents.tools import offer, reading
from agents.tools.catalogue import Tool
from paybill_site.kernel import audit, planes
from paybill_site.kernel.actions import Input, invalid, perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid, PaybillError
from paybill_site.kernel.schemas import masked

KEY = re.compile(r"[\x21-\x7e]{1,200}")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives back; ``dry_run`` has changed nothing, ``repeated`` either.

    ``approval`` is the public id of what a person has to agree to first: nothing has
    happened yet, and the same call with it does it once somebody said yes.
    """

    result: dict[str, Any]
    dry_run: bool = False
    repeated: bool = False
    approval: str = ""


def call(
    actor: Actor,
    name: str,
    arguments: Mapping[str, Any],
    *,
    key: str = "",
    dry_run: bool = False,
    approval: str = "",
) -> Answer:
    """Call a tool. Raises PaybillError, which is on record before it is raised."""
    try:
        tool = offer.admitted(actor, name)
        asked = _parse(tool, arguments)
        if not tool.reads and not dry_run and not KEY.fullmatch(key):
            raise KeyNeeded(rule="idempotency_key")
    except PaybillError as refusal:
        _refused(actor, name, refusal, arguments)
        raise
    if tool.action is not None:
        return _act(tool, asked, actor, key=key, dry_run=dry_run)
    _record(actor, tool.label, tool.name, "read", _facts(tool, asked))
    return Answer(reading.answer(tool, asked, actor), dry_run=dry_run)


def _act(tool: Tool, asked: Input, actor: Actor, *, key: str, dry_run: bool) -> Answer:
    action: Any = tool.action
    data = asked.model_dump(mode="json")
    target = None if action.creates else data.pop("id")
    if dry_run:
        shown = rehearse(action, target, data, actor=actor)
        result = {
            "result": shown.output,
            "changes": list(shown.changes),
            "events": list(shown.events),
        }
        return Answer(result, dry_run=True)
    done = perform(action, target, data, actor=actor, key=key)
    return Answer(done.output, repeated=done.repeated)


def _parse(tool: Tool, arguments: Mapping[str, Any]) -> Input:
    try:
        text = json.dumps(arguments, allow_nan=False)
        return tool.arguments.model_validate_json(text, strict=True)
    except (TypeError, ValueError) as error:
        problem = invalid(error)
        raise Invalid(problem.detail, rule="schema", **problem.members) from error


def _facts(tool: Tool, asked: Input) -> dict[str, Any]:
    return {"arguments": masked(asked), "schema": tool.digest()}


def _refused(
    actor: Actor, name: str, refusal: PaybillError, arguments: Mapping[str, Any]
) -> None:
    rule = str(refusal.members.get("rule", refusal.code))
    facts = {
        "rule": rule,
        "why": refusal.detail,
        # What did not fit a schema may be anything: its digest, not its text.
        "arguments_digest": audit.digest_of(json.dumps(arguments, default=str)),
    }
    _record(actor, "agents.call", name, "denied", facts)


def _record(
    actor: Actor, action: str, tool: str, outcome: str, facts: Mapping[str, Any]
) -> None:
    with planes.atomic():
        audit.append(
            planes.here().tenant or "agents",
            action=action,
            actor=actor.id,
            target=f"tool:{tool if NAME.fullmatch(tool) else '?'}",
            outcome=outcome,
            facts={
                **facts,
                "via": actor.via,
                "scopes": sorted(actor.scopes or ()),
            },
        )
