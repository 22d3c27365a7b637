"""What people do with an agent's wish, and how it ends without them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from pydantic import Field
from pydantic.config import JsonDict

from agents.approvals import bearers, deciding, ending
from agents.events import ApprovalAsked, ApprovalDue, ApprovalGranted
from agents.models import Agent, Approval, WorkflowRun
from agents.states import ApprovalState, RunStatus
from agents.workflows.opening import machine as runs
from paybill_site.kernel.actions import Action, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, LimitReached
from paybill_site.kernel.events import emit

# Whoever is asked too much does not look any more.
MOST_OPEN = 50
SECRET: JsonDict = {"sensitive": True}
SEALED = 200_000


class AskInput(Input):
    agent: str = Field(max_length=40)
    behalf: str = Field("", max_length=80)
    standing: str = Field("", max_length=64)
    run: str = Field("", max_length=40)
    step: str = Field("", max_length=60)
    tool: str = Field(max_length=100)
    action: str = Field(max_length=100)
    target: str = Field("", max_length=120)
    arguments: dict[str, Any]
    sealed: str = Field(max_length=SEALED, json_schema_extra=SECRET)
    via: str = Field(max_length=80)
    key: str = Field(min_length=1, max_length=200)
    digest: str = Field(min_length=64, max_length=64)
    shown: dict[str, Any] = Field(json_schema_extra=SECRET)
    why: str = Field(max_length=300)


class AskForApproval(Action[None, AskInput, Approval]):
    """Keep what an agent wants to do until a person has decided."""

    model = Approval
    Input = AskInput
    permission = "agents.add_approval"
    creates = True

    def run(self, target: None, data: AskInput, *, actor: Actor) -> Approval:
        agent = Agent.objects.get(public_id=data.agent)
        if agent.approvals.filter(state__in=ending.OPEN).count() >= MOST_OPEN:
            says = f"{MOST_OPEN} wishes of this agent wait already"
            raise LimitReached(says, rule="approvals_open")
        run = _waiting(data.run)
        kept = data.model_dump(exclude={"agent", "run"})
        approval = Approval.objects.create(
            agent=agent,
            run=run,
            asked_by=agent.public_id,
            expires_at=bearers.until(data.via),
            **kept,
        )
        name = approval.public_id
        emit(ApprovalAsked(approval=name, tool=data.tool))
        emit(ApprovalDue(approval=name, at=approval.expires_at))
        return approval


def _waiting(public_id: str) -> WorkflowRun | None:
    if not public_id:
        return None
    rows = WorkflowRun.objects.select_for_update(no_key=True)
    run = rows.get(public_id=public_id)
    if run.status == RunStatus.ACTIVE:
        runs.move(run, RunStatus.WAITING, field="status")
    return run


class WordInput(Input):
    reason: str = Field("", max_length=300, title="A word on it")


class ReasonInput(Input):
    reason: str = Field(min_length=3, max_length=300, title="Why")


class ApproveCall(Action[Approval, WordInput, Approval]):
    """Let the agent do this, exactly as it is shown, once.

    What has changed since it was asked for makes the approval void instead: look at
    the state that comes back.
    """

    model = Approval
    Input = WordInput
    permission = "agents.decide_approval"
    legal_in = frozenset({ApprovalState.WAITING})

    def run(self, approval: Approval, data: WordInput, *, actor: Actor) -> Approval:
        deciding.check(approval, actor)
        deciding.check_open(approval)
        if why := deciding.changed(approval):
            ending.settle(approval, ApprovalState.VOID, why)
            return approval
        ending.machine.move(approval, ApprovalState.APPROVED, reason=data.reason)
        _decided(approval, actor, data.reason)
        emit(ApprovalGranted(approval=approval.public_id))
        return approval


class RefuseCall(Action[Approval, ReasonInput, Approval]):
    """Say no to what an agent wants to do; the reason is told to it."""

    model = Approval
    Input = ReasonInput
    permission = "agents.decide_approval"
    legal_in = frozenset({ApprovalState.WAITING})

    def run(self, approval: Approval, data: ReasonInput, *, actor: Actor) -> Approval:
        deciding.check_person(actor)
        deciding.check_open(approval)
        ending.settle(approval, ApprovalState.REFUSED, data.reason)
        _decided(approval, actor, data.reason)
        return approval


class RevokeApproval(Action[Approval, WordInput, Approval]):
    """Take an approval back before it is used: whoever gave it, or an administrator."""

    model = Approval
    Input = WordInput
    always_open = True
    permission = "agents.decide_approval"
    legal_in = frozenset({ApprovalState.WAITING, ApprovalState.APPROVED})

    def run(self, approval: Approval, data: WordInput, *, actor: Actor) -> Approval:
        deciding.check_person(actor)
        theirs = approval.decided_by == actor.id
        if not theirs and not actor.may("agents.revoke_approval"):
            says = "this needs the permission agents.revoke_approval"
            raise Forbidden(says, rule="permission")
        ending.settle(approval, ApprovalState.REVOKED, data.reason or "revoked")
        return approval


class WithdrawApproval(Action[Approval, NoInput, Approval]):
    """Withdraw what you asked a person to agree to."""

    model = Approval
    always_open = True
    permission = "agents.withdraw_approval"
    own = True
    agents = True
    legal_in = frozenset({ApprovalState.WAITING, ApprovalState.APPROVED})

    def run(self, approval: Approval, data: NoInput, *, actor: Actor) -> Approval:
        ending.settle(approval, ApprovalState.REVOKED, "withdrawn by the agent")
        return approval


class VoidApproval(Action[Approval, ReasonInput, Approval]):
    """Take the force of an approval: what was shown is not what would happen."""

    model = Approval
    Input = ReasonInput
    always_open = True
    permission = "agents.settle_approval"

    def run(self, approval: Approval, data: ReasonInput, *, actor: Actor) -> Approval:
        ending.settle(approval, ApprovalState.VOID, data.reason)
        return approval


class ExpireApproval(Action[Approval, NoInput, Approval]):
    """End an approval that nobody decided, or used, in time."""

    model = Approval
    always_open = True
    permission = "agents.settle_approval"

    def run(self, approval: Approval, data: NoInput, *, actor: Actor) -> Approval:
        if approval.expires_at > timezone.now():
            raise IllegalMove("the approval is in time")
        ending.settle(approval, ApprovalState.EXPIRED, "nobody decided in time")
        return approval


def _decided(approval: Approval, actor: Actor, word: str) -> None:
    approval.decided_by, approval.decided_at = actor.id, timezone.now()
    approval.outcome = word[:300]
    approval.save(update_fields=["decided_by", "decided_at", "outcome"])
