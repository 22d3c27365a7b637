"""What a run's folder holds that nobody else has: a state that could not be saved."""

from __future__ import annotations

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning.actions import RescueState
from provisioning.actions.statefile import RescueInput
from provisioning.models import Run
from provisioning.runner.workdir import WorkDir


def take(run: Run, actor: Actor) -> None:
    """Keep it, encrypted; the deployment is frozen until it is adopted. Repeatable."""
    body = WorkDir.of(run).rescued()
    if body is not None:
        perform(RescueState, run, RescueInput(fence=run.fence, body=body), actor=actor)
