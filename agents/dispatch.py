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
from typing import Any

from agents import acting
from agents.answers import Answer
from agents.errors import KeyNeeded
from agents.tools import offer, reading
from agents.tools.catalogue import Tool
from paybill_site.kernel import audit, planes
from paybill_site.kernel.actions import Input, invalid
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid, PaybillError
from paybill_site.kernel.schemas import masked

__all__ = ["Answer", "call"]

KEY = re.compile(r"[\x21-\x7e]{1,200}")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


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
        return acting.act(
            tool,
            asked,
            actor,
            given=arguments,
            key=key,
            dry_run=dry_run,
            approval=approval,
        )
    _record(actor, tool.label, tool.name, "read", _facts(tool, asked))
    return Answer(reading.answer(tool, asked, actor), dry_run=dry_run)


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
                **({"behalf": actor.behalf.id} if actor.behalf else {}),
                "scopes": sorted(actor.scopes or ()),
            },
        )
