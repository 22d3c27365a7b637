"""A proposal is taken when a person does the verb on its object, by whatever door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.proposals.kinds import PROPOSABLE, taken
from paybill_site.kernel import calls
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.calls import Call

WATCHED = frozenset(PROPOSABLE)


@calls.witness
def follow(call: Call, outcome: str, facts: Mapping[str, Any]) -> None:
    """Close the proposal in the transaction of what was proposed."""
    by_agent = call.actor.kind is Kind.AGENT
    if call.action.name in WATCHED and outcome == "done" and not by_agent:
        taken(call.action.name, call.target_name(), call.actor.id)
