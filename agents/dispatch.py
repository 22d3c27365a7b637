"""One call of one tool by one agent: the same behind every edge.

1. What narrows the agent's calls is read once: limits, bindings, addresses outside.
2. Admit: the tool exists here, the token has its scope, the agent some grant. From here
   on the tool is the one that this agent meets.
3. What is fixed is filled in; the arguments fit their schema, then every binding.
4. A tool that acts: no address outside that is on no list, and a key.
5. It is an action, and ``acting`` does the rest: in one transaction the key, the
   target, permissions, gates, the effect, blast radius, limits and the record.
6. A tool that reads: its use is reserved and recorded in one transaction. Only when
   that is committed the query runs, so there is no answer without a record; rows that
   were not answered are given back.
A refusal is on record with its rule before the caller learns of it, with digests of the
schema and of the arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agents import acting
from agents.access import shadow
from agents.answers import Answer
from agents.errors import KeyNeeded, NotGranted
from agents.evidence import basis
from agents.evidence.cost import counted
from agents.limits import bindings, egress, reads, reserving, terms
from agents.limits.terms import Terms
from agents.tools import offer, reading
from agents.tools.catalogue import Tool, tools_here
from paybill_site.kernel import audit, planes, updates
from paybill_site.kernel.actions import Input, invalid
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.calls import telling
from paybill_site.kernel.errors import Invalid, PaybillError
from paybill_site.kernel.schemas import masked

__all__ = ["Answer", "call"]

KEY = re.compile(r"[\x21-\x7e]{1,200}")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@counted
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
    with terms.held(actor) as held:
        tool: Tool | None = None
        try:
            tool = offer.admitted(actor, name)
            asked = _asked(tool, arguments, known=bool(approval))
            if not tool.reads:
                _check_acting(tool, asked, held)
                if not dry_run and not KEY.fullmatch(key):
                    raise KeyNeeded(rule="idempotency_key")
        except PaybillError as refusal:
            _refused(actor, name, tool, refusal, arguments)
            raise
        if tool.reads:
            return Answer(_read(tool, asked, actor, held), dry_run=dry_run)
        with telling(
            tool=tool.name, **_digests(tool, asked), **_shadow(tool, asked, actor)
        ):
            return acting.act(
                tool,
                asked,
                actor,
                given=arguments,
                key=key,
                dry_run=dry_run,
                approval=approval,
            )


def _asked(tool: Tool, arguments: Mapping[str, Any], *, known: bool) -> Input:
    """The arguments, whole and typed, as far as the bindings allow them."""
    asked = _parse(tool, bindings.fill(tool.bounds, arguments, known=known))
    said = asked.model_dump(mode="json")
    bindings.check(tool.bounds, said, updates.kept(type(asked)))
    return asked


def _parse(tool: Tool, arguments: Mapping[str, Any]) -> Input:
    try:
        text = json.dumps(arguments, allow_nan=False)
        return tool.arguments.model_validate_json(text, strict=True)
    except (TypeError, ValueError, RecursionError) as error:
        problem = invalid(error)
        raise Invalid(problem.detail, rule="schema", **problem.members) from error


def _check_acting(tool: Tool, asked: Input, held: Terms) -> None:
    hosts = egress.hosts_of(tool.described()["inputSchema"])
    said = asked.model_dump(mode="json")
    egress.check(said, held.egress, tool.bounds, hosts)


def _read(tool: Tool, asked: Input, actor: Actor, held: Terms) -> dict[str, Any]:
    use = reads.use_of(tool, asked, actor)
    facts = {"arguments": masked(asked), **_digests(tool, asked)}
    facts |= _shadow(tool, asked, actor)
    facts |= {"basis": basis.of(actor, offer.needed(tool)), "most_rows": use.rows}
    try:
        with planes.atomic(durable=True):
            reserved = reserving.reserve(held, use)
            _record(actor, tool.label, tool.name, "read", facts | reserved.facts())
        result = reading.answer(tool, asked, actor)
        reads.settle(held, use, reserved, tool, result)
    except PaybillError as refusal:
        _refused(actor, tool.name, tool, refusal, facts["arguments"])
        raise
    return result


def _shadow(tool: Tool, asked: Input, actor: Actor) -> dict[str, Any]:
    """What rules in shadow would have changed."""
    return shadow.facts(
        actor, offer.needed(tool), tool.model, str(getattr(asked, "id", ""))
    )


def _digests(tool: Tool, asked: Input) -> dict[str, str]:
    # No digest of what is masked: a short secret could be guessed from it.
    digest = audit.digest_of(masked(asked))
    return {"schema": tool.digest(), "arguments_digest": digest}


def _refused(
    actor: Actor,
    name: str,
    tool: Tool | None,
    refusal: PaybillError,
    arguments: Any,
) -> None:
    rule = str(refusal.members.get("rule", refusal.code))
    facts = {
        "rule": rule,
        "why": refusal.detail,
        "schema": tool.digest() if tool else "",
        # What did not fit a schema may be anything: its digest, not its text.
        "arguments_digest": audit.digest_of(json.dumps(arguments, default=str)),
    }
    if isinstance(refusal, NotGranted) and (asked := tools_here().get(name)):
        facts |= shadow.facts_of_denial(actor, offer.needed(asked))
    with planes.atomic(durable=True):
        _record(actor, "agents.call", name, "denied", facts)


def _record(
    actor: Actor, action: str, tool: str, outcome: str, facts: Mapping[str, Any]
) -> None:
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
