"""The steps of building, as the customer's progress page names them."""

from __future__ import annotations

from provisioning.models import Run, RunPhase
from provisioning.states import FINAL, Operation, Phase, PhaseState, RunState
from tenants.journey import Step, StepState, step_source
from tenants.models import Tenant

NAMES = {
    Phase.PLAN: "Planning your infrastructure",
    Phase.APPLY: "Building your infrastructure",
    Phase.FINISH: "Preparing your database",
}
STATES = {
    PhaseState.PENDING: StepState.WAITING,
    PhaseState.RUNNING: StepState.ACTIVE,
    PhaseState.DONE: StepState.DONE,
    PhaseState.FAILED: StepState.FAILED,
    PhaseState.UNREACHABLE: StepState.WAITING,
}


@step_source(20)
def run_steps(tenant: Tenant) -> list[Step]:
    """Three steps of the newest run that builds; none for a tenant in the pool."""
    runs = Run.objects.filter(deployment__tenant=tenant, operation=Operation.APPLY)
    run = runs.order_by("-id").first()
    if run is None:
        return []
    phases = [
        phase
        for phase in run.phases.all()
        if phase.name in NAMES and not _needless(run, phase)
    ]
    return [_step(run, phase) for phase in phases]


def _needless(run: Run, phase: RunPhase) -> bool:
    """A plan without changes has no apply."""
    return run.state not in FINAL - {RunState.APPLIED} and (
        phase.state == PhaseState.UNREACHABLE
    )


def _step(run: Run, phase: RunPhase) -> Step:
    return Step(
        name=NAMES[Phase(phase.name)],
        state=STATES[PhaseState(phase.state)],
        started=phase.started_at,
        finished=phase.ended_at,
        detail=_detail(run, phase),
        run_id=run.public_id,
    )


def _detail(run: Run, phase: RunPhase) -> str:
    if phase.state == PhaseState.FAILED:
        return "This did not work. We were told and look after it."
    if run.state == RunState.WAITING and phase.name == Phase.APPLY:
        return "An operator looks at the plan first."
    if phase.state == PhaseState.RUNNING and phase.name == Phase.APPLY:
        done, total = run.progress.get("done", 0), run.progress.get("total", 0)
        return f"{done} of {total} resources" if total else ""
    return ""
