"""The verbs that agents of the control plane may propose, each by a tool of its own.

A tool ``propose_<verb>`` takes what the verb takes, and why. It makes a proposal and
nothing else; the verb itself is in no agent's list, and a gate refuses it to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from pydantic import Field, create_model

from agents.models import Agent, Proposal
from agents.states import ProposalState
from paybill_site.kernel import planes
from paybill_site.kernel.actions import Action, AnyAction, Call, Input, gate, registry
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Conflict, Forbidden, IllegalMove
from paybill_site.kernel.events import Event
from paybill_site.kernel.models import reference

# What an operator would want to be asked about; nothing that is a part of a run's life.
PROPOSABLE = (
    "billing.cancel_subscription",
    "billing.change_plan",
    "billing.extend_trial",
    "billing.pause_subscription",
    "billing.resume_subscription",
    "provisioning.adopt_drift",
    "provisioning.cancel_run",
    "provisioning.discard_run",
    "provisioning.queue_run",
    "provisioning.repair_drift",
)
PERMISSION = "agents.add_proposal"


class Proposing:
    """What an action does that proposes ``proposed``."""

    permission = PERMISSION
    agents = True
    overwrites: ClassVar[frozenset[str] | None] = frozenset()
    emits: ClassVar[tuple[type[Event], ...] | None] = ()
    proposed: ClassVar[AnyAction]

    def run(self, target: Any, data: Any, *, actor: Actor) -> Proposal:
        verb = self.proposed
        if verb.legal_in is not None and str(target.state) not in verb.legal_in:
            raise IllegalMove(f"it is {target.state}: nobody can do this now")
        said = {"action": verb.name, "target": reference(target)}
        if Proposal.objects.filter(state=ProposalState.OPEN, **said).exists():
            raise Conflict("this is proposed already", rule="proposed")
        return Proposal.objects.create(
            **said,
            agent=Agent.objects.get(public_id=actor.id),
            behalf=actor.behalf.id if actor.behalf else "",
            arguments=data.model_dump(mode="json", exclude={"why"}),
            why=data.why,
        )

    def recall(self, output: Mapping[str, Any]) -> Proposal | None:
        return Proposal.objects.filter(public_id=output["id"]).first()


def proposing(verb: AnyAction) -> AnyAction:
    """The action by which an agent proposes ``verb``."""
    why = (str, Field(min_length=10, max_length=500, title="Why it should be done"))
    taken: type[Input] = create_model(
        f"Propose{verb.__name__}Input", __base__=verb.Input, why=why
    )
    body = {
        "__module__": __name__,
        "__doc__": f"Propose to an operator: {verb.description()}",
        "model": verb.model,
        "Input": taken,
        "proposed": verb,
    }
    return type(f"Propose{verb.__name__}", (Proposing, Action), body)


if settings.PAYBILL_MODE == "control":
    for _room in ("billing", "provisioning"):
        import_module(f"{_room}.actions")  # its verbs are registered now
    for _name in PROPOSABLE:
        proposing(registry[_name])


@gate
def only_propose(call: Call) -> None:
    """In the control plane agents change nothing. Raises Forbidden."""
    if call.actor.kind is not Kind.AGENT:
        return
    if planes.here().schema != planes.CONTROL.schema:
        return
    # Its own runs, approvals and proposals are the agent's to take back.
    own = call.action.model._meta.app_label == "agents"
    if not own and not issubclass(call.action, Proposing):
        raise Forbidden("agents propose here; people do", rule="proposes_only")


def taken(action: str, target: str, by: str) -> int:
    """Note that somebody did what was proposed; how many proposals said so."""
    rows = Proposal.objects.filter(
        action=action, target=target, state=ProposalState.OPEN
    )
    return rows.update(
        state=ProposalState.TAKEN, decided_by=by, decided_at=timezone.now()
    )
