"""What an agent's call is held to before it is committed: blast radius, then limits.

Both look at what has really happened in the transaction, also by cascades and triggers
of the database; a refusal rolls it back. A rehearsal passes the same checks and takes
nothing by them, for it is rolled back too; what it does use is a call, which is
reserved with its record.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from agents.limits import reserving, terms
from agents.limits.claims import Use
from agents.states import Measure
from agents.workflows.stepping import step_of
from paybill_site.kernel.actions import Call, closing, gate, rehearsed
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.models import reference

AMOUNT = "amount"


@gate
def priced(call: Call) -> None:
    """Note what the action says that it moves, before it changes the rows."""
    if call.actor.kind is Kind.AGENT:
        call.notes[AMOUNT] = call.action.amount(call.target, call.data)


@closing
def measured(call: Call, act: Act, result: Any) -> None:
    """Take what the call used. Raises BlastRadius, LimitReached and TooMany."""
    if call.actor.kind is not Kind.AGENT:
        return
    rows, most = len(act.rows), call.action.most_rows
    if rows > most:
        raise reserving.blast(rows, most)
    about, amounts = _object(call, result), _amounts(call, act)
    use = Use(
        actor=call.actor,
        tool=tool_of(call),
        workflow=_workflow(call),
        object=about,
        rows=rows,
        objects=frozenset({about} if about else ()),
        amounts=amounts,
    )
    if amounts:
        call.facts["amounts"] = amounts
    reserved = reserving.reserve(terms.of(call.actor), use)
    call.facts |= reserved.facts()


@rehearsed
def tried(call: Call) -> None:
    """A rehearsal is a call."""
    if call.actor.kind is not Kind.AGENT:
        return
    use = Use(
        actor=call.actor,
        tool=tool_of(call),
        workflow=_workflow(call),
        object=_object(call, None),
        part=frozenset({Measure.CALLS}),
    )
    reserved = reserving.reserve(terms.of(call.actor), use)
    call.facts["limits"] = list(reserved.taken)


def tool_of(call: Call) -> str:
    """The tool's name is the action's, without the app."""
    return call.action.name.partition(".")[2]


def _workflow(call: Call) -> str:
    taken = step_of(call)
    return taken.workflow.name if taken is not None else ""


def _object(call: Call, result: Any) -> str:
    """What the call is about: its target, else the run's subject, else what it made."""
    taken = step_of(call)
    if isinstance(call.target, models.Model):
        return reference(call.target)
    if taken is not None:
        return taken.run.subject
    return reference(result) if isinstance(result, models.Model) else ""


def _amounts(call: Call, act: Act) -> dict[str, int]:
    """What the effect told that it moved, else what the action said before."""
    if act.spent:
        return act.spent
    said = call.notes.get(AMOUNT)
    return {} if said is None else {said[1]: abs(said[0])}
