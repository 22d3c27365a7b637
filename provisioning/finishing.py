"""The last phase of a run: fill and attach what was built, or prove that it is gone."""

from __future__ import annotations

from dataclasses import asdict

from paybill_site.kernel.actions import perform
from provisioning import filling, state
from provisioning.actions import CompleteRun
from provisioning.errors import LeftOver
from provisioning.models import Run
from provisioning.runner.logs import LogWriter
from provisioning.states import Operation, Phase
from provisioning.system import RUNNER
from tenants.actions import AttachPlacement, RetirePlacement
from tenants.models import Placement
from tenants.states import PlacementState


def finish(run: Run) -> None:
    """Bring a run that Terraform is done with to its end. May be repeated."""
    log = LogWriter(run, Phase.FINISH)
    try:
        outputs = _take_down(run, log) if _destroys(run) else _put_up(run, log)
    finally:
        log.flush()
    done = {"fence": run.fence, "outputs": outputs}
    perform(CompleteRun, run, done, actor=RUNNER)


def _destroys(run: Run) -> bool:
    return run.operation == Operation.DESTROY


def _put_up(run: Run, log: LogWriter) -> dict[str, object]:
    outputs = state.outputs(run.deployment)
    log.say("Building the tenant's plane in what was made")
    place = filling.fill(run, outputs)
    log.say("Pointing the tenant to its place")
    perform(AttachPlacement, run.tenant.public_id, asdict(place), actor=RUNNER)
    return outputs


def _take_down(run: Run, log: LogWriter) -> dict[str, object]:
    newest = state.current(run.deployment)
    if newest is not None and newest.resources:
        raise LeftOver(f"the state still has {newest.resources} resources")
    log.say("The state is empty")
    filling.prove_gone(run)
    log.say("Units, databases and roles: nothing is left")
    mine = Placement.objects.filter(
        tenant=run.tenant, kind=run.deployment.kind, state=PlacementState.TAKEN
    )
    for placement in mine:
        perform(RetirePlacement, placement, actor=RUNNER)
    return {}
