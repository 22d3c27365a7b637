"""The steps of building, as the customer's progress page names them."""

from __future__ import annotations

from provisioning.models import Run, RunPhase
from provisioning.states import FINAL, Operation, Phase, PhaseState, RunState
from tenants.journey import Step, StepState, step_source
from tenants.models import Tenant

# What a customer is told of: a step may be several phases.
STEPS = {
    "Planning your infrastructure": (Phase.PREPARE, Phase.PLAN, Phase.CHECK),
    "Building your infrastructure": (Phase.APPLY,),
    "Preparing your database": (Phase.FINISH,),
}


@step_source(20)
def run_steps(tenant: Tenant) -> list[Step]:
    """Three steps of the newest run that builds; none for a tenant in the pool."""
    runs = Run.objects.filter(deployment__tenant=tenant, operation=Operation.APPLY)
    run = runs.order_by("-id").first()
    if run is None:
        return []
    phases = {Phase(phase.name): phase for phase in run.phases.all()}
    steps = {name: [phases[one] for one in names] for name, names in STEPS.items()}
    return [
        _step(run, name, parts)
        for name, parts in steps.items()
        if not _needless(run, parts)
    ]


def _needless(run: Run, phases: list[RunPhase]) -> bool:
    """A plan without changes has no apply."""
    return run.state not in FINAL - {RunState.APPLIED} and all(
        phase.state == PhaseState.UNREACHABLE for phase in phases
    )


def _step(run: Run, name: str, phases: list[RunPhase]) -> Step:
    state = _state(phases)
    return Step(
        name=name,
        state=state,
        started=phases[0].started_at,
        finished=phases[-1].ended_at,
        detail=_detail(run, state, Phase(phases[-1].name)),
        run_id=run.public_id,
    )


def _state(phases: list[RunPhase]) -> StepState:
    states = {phase.state for phase in phases}
    if PhaseState.FAILED in states:
        return StepState.FAILED
    if states == {PhaseState.DONE}:
        return StepState.DONE
    if states & {PhaseState.RUNNING, PhaseState.DONE}:
        return StepState.ACTIVE
    return StepState.WAITING


def _detail(run: Run, state: StepState, phase: Phase) -> str:
    if state == StepState.FAILED:
        return "This did not work. We were told and look after it."
    if run.state == RunState.WAITING and phase == Phase.APPLY:
        return "An operator looks at the plan first."
    if state == StepState.ACTIVE and phase == Phase.APPLY:
        done, total = run.progress.get("done", 0), run.progress.get("total", 0)
        return f"{done} of {total} resources" if total else ""
    return ""
