"""Stopping a run: asked kindly, and when that does not help, by force."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Forbidden, IllegalMove
from provisioning.actions.reaping import raise_fence
from provisioning.errors import TooEarly
from provisioning.models import PlanFile, Run, RunRules
from provisioning.states import HELD, RunState
from provisioning.transitions import advance

CANCELABLE = frozenset(
    {
        RunState.PENDING,
        RunState.PLANNING,
        RunState.WAITING,
        RunState.CONFIRMED,
        RunState.APPLYING,
        RunState.FINISHING,
    }
)


class CancelRun(Action[Run, NoInput, Run]):
    """Ask a run to stop; Terraform finishes what it is doing and saves its state.

    What comes after Terraform may be repeated, so it is cut off at once.
    """

    model = Run
    permission = "provisioning.cancel_run"
    danger = Danger.CAREFUL
    legal_in = CANCELABLE

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        if target.state not in CANCELABLE:
            raise IllegalMove(f"run is {target.state}; it can not be canceled any more")
        if target.state not in HELD:  # nobody works on it
            advance(target, RunState.CANCELED, reason=f"by {actor.label}")
            PlanFile.objects.filter(run=target).delete()
        elif target.cancel_requested_at is None:
            # Its runner sees it and asks Terraform, once.
            target.cancel_requested_at = timezone.now()
            target.save(update_fields=["cancel_requested_at"])
        return target


class ForceCancelInput(Input):
    why: str = Field(
        min_length=3,
        max_length=500,
        title="Why",
        description="What Terraform was doing is lost; somebody will ask.",
    )


class ForceCancelRun(Action[Run, ForceCancelInput, Run]):
    """End a run that did not stop when it was asked to: its process is killed.

    The fence rises and the lock is gone at once, so what is killed can write nothing;
    its host kills it when it sees this. What it had made without saving it is looked
    for before the next plan.
    """

    model = Run
    Input = ForceCancelInput
    permission = "provisioning.force_cancel_run"
    danger = Danger.DESTRUCTIVE
    legal_in = HELD

    def run(self, target: Run, data: ForceCancelInput, *, actor: Actor) -> Run:
        if actor.kind is Kind.AGENT:
            raise Forbidden("agents end no run by force", rule="people")
        _check_asked_before(target)
        raise_fence(target)
        target.explanation = f"Ended by force: {data.why}"
        target.save(update_fields=["explanation"])
        PlanFile.objects.filter(run=target).delete()
        advance(target, RunState.FORCE_CANCELED, reason=f"by {actor.label}")
        return target


def _check_asked_before(run: Run) -> None:
    if run.state not in HELD:
        raise IllegalMove(f"run is {run.state}; nobody works on it")
    if run.cancel_requested_at is None:
        raise IllegalMove("cancel the run first; it is given time to stop")
    rules = RunRules.objects.first() or RunRules()
    possible = run.cancel_requested_at + timedelta(minutes=rules.cool_off_minutes)
    if possible > timezone.now():
        raise TooEarly(
            f"the run may still stop by itself until {possible:%H:%M:%S} UTC"
        )
