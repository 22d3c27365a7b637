"""What people decide about runs: confirm, discard, cancel."""

from __future__ import annotations

from django.utils import timezone

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning import entitled
from provisioning.events import RunConfirmed
from provisioning.models import PlanFile, Run
from provisioning.states import HELD, RunState
from provisioning.transitions import RUN, advance

CANCELABLE = frozenset(
    {
        RunState.PENDING,
        RunState.PLANNING,
        RunState.WAITING,
        RunState.CONFIRMED,
        RunState.APPLYING,
    }
)


class ConfirmRun(Action[Run, NoInput, Run]):
    """Let a waiting plan be applied, exactly as it was shown."""

    model = Run
    permission = "provisioning.confirm_run"
    danger = Danger.CAREFUL
    legal_in = frozenset({RunState.WAITING})

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        RUN.check(target.state, RunState.CONFIRMED)
        entitled.check(target.deployment, target.operation)
        advance(target, RunState.CONFIRMED)
        events.emit(RunConfirmed(tenant=target.tenant.public_id, run=target.public_id))
        return target


class DiscardRun(Action[Run, NoInput, Run]):
    """Throw a waiting plan away; nothing is changed."""

    model = Run
    permission = "provisioning.confirm_run"
    danger = Danger.CAREFUL
    legal_in = frozenset({RunState.WAITING, RunState.CONFIRMED})

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        advance(target, RunState.DISCARDED)
        PlanFile.objects.filter(run=target).delete()
        return target


class CancelRun(Action[Run, NoInput, Run]):
    """Ask a run to stop; Terraform finishes what it is doing and saves its state."""

    model = Run
    permission = "provisioning.cancel_run"
    danger = Danger.CAREFUL
    legal_in = CANCELABLE
    agents = True

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        if target.state not in CANCELABLE:
            raise IllegalMove(f"run is {target.state}; it can not be canceled any more")
        if target.state not in HELD:  # nobody works on it
            advance(target, RunState.CANCELED, reason=f"by {actor.label}")
            PlanFile.objects.filter(run=target).delete()
        elif (
            target.cancel_requested_at is None
        ):  # its runner sees it and asks Terraform
            target.cancel_requested_at = timezone.now()
            target.save(update_fields=["cancel_requested_at"])
        return target
