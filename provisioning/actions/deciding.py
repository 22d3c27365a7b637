"""What people decide about runs: approve, discard, comment; and what time decides."""

from __future__ import annotations

from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning import entitled
from provisioning.errors import PlanChanged
from provisioning.events import RunConfirmed
from provisioning.gates import approvals
from provisioning.models import Approval, PlanFile, Run, RunComment
from provisioning.states import RunState
from provisioning.transitions import RUN, advance

WAITS = frozenset({RunState.WAITING, RunState.CONFIRMED})


class ConfirmInput(Input):
    """Both digests as they were shown: nobody approves what nobody looked at."""

    plan_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        title="SHA-256 of the plan file",
        description="As the run's page shows it.",
    )
    plan_digest: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        title="Digest of the masked plan",
        description="As the run's page shows it.",
    )


class ConfirmRun(Action[Run, ConfirmInput, Run]):
    """Approve a waiting plan: it is applied exactly as it was shown, or not at all."""

    model = Run
    Input = ConfirmInput
    permission = "provisioning.confirm_run"
    danger = Danger.CAREFUL
    legal_in = frozenset({RunState.WAITING})

    def run(self, target: Run, data: ConfirmInput, *, actor: Actor) -> Run:
        RUN.check(target.state, RunState.CONFIRMED)
        entitled.check(target.deployment, target.operation)
        shown = (data.plan_sha256, data.plan_digest)
        if shown != (target.plan_sha256, target.plan_digest):
            raise PlanChanged("this is not the plan that waits; look at it again")
        approvals.check_fresh(target)
        rule = approvals.check_approver(target, actor)
        Approval.objects.update_or_create(
            run=target,
            defaults={
                "plan_sha256": data.plan_sha256,
                "plan_digest": data.plan_digest,
                "approved_by": actor.id,
                "approver": actor.label,
                "rule": rule,
                "expires_at": approvals.expiry(target),
                "void": "",
            },
        )
        advance(target, RunState.CONFIRMED, reason=f"approved by {actor.label}")
        events.emit(RunConfirmed(tenant=target.tenant.public_id, run=target.public_id))
        return target


class DiscardRun(Action[Run, NoInput, Run]):
    """Throw a waiting plan away; nothing is changed."""

    model = Run
    permission = "provisioning.confirm_run"
    danger = Danger.CAREFUL
    legal_in = WAITS

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        _discard(target, f"discarded by {actor.label}", void="the plan was discarded")
        return target


class WithdrawRun(Action[Run, NoInput, Run]):
    """Discard a plan that went stale, or whose approval does not hold any more."""

    model = Run
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        why = approvals.withdrawn(target) if target.state in WAITS else ""
        if not why:
            raise IllegalMove(f"run is {target.state} and its plan still holds")
        _discard(target, f"discarded by itself: {why}", void=why)
        return target


def _discard(run: Run, reason: str, *, void: str) -> None:
    run.explanation = reason[:1].upper() + reason[1:]
    run.save(update_fields=["explanation"])
    Approval.objects.filter(run=run).update(void=void)
    advance(run, RunState.DISCARDED, reason=reason[:200])
    PlanFile.objects.filter(run=run).delete()


class CommentInput(Input):
    text: str = Field(min_length=1, max_length=4000, title="Comment")


class CommentRun(Action[Run, CommentInput, Run]):
    """Write something beside a run, for whoever looks at it next."""

    model = Run
    Input = CommentInput
    permission = "provisioning.comment_run"

    def run(self, target: Run, data: CommentInput, *, actor: Actor) -> Run:
        RunComment.objects.create(run=target, author=actor.label, text=data.text)
        return target
