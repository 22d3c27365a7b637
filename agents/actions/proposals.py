"""What people do about what agents propose, besides doing it."""

from __future__ import annotations

from typing import ClassVar

from django.utils import timezone
from pydantic import Field

from agents.models import Proposal
from agents.states import PROPOSAL_MOVES, ProposalState
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.states import Machine

machine = Machine("proposal", PROPOSAL_MOVES)


class DeclineInput(Input):
    reason: str = Field(min_length=3, max_length=300, title="Why not")


class DeclineProposal(Action[Proposal, DeclineInput, Proposal]):
    """Say no to what an agent proposes."""

    model = Proposal
    Input = DeclineInput
    permission = "agents.decline_proposal"
    legal_in: ClassVar[frozenset[str] | None] = frozenset({ProposalState.OPEN})

    def run(self, proposal: Proposal, data: DeclineInput, *, actor: Actor) -> Proposal:
        machine.move(
            proposal,
            ProposalState.DECLINED,
            reason=data.reason,
            decided_by=actor.id,
            decided_at=timezone.now(),
        )
        return proposal
