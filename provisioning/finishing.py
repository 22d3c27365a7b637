"""The last phase of a run: fill, verify and attach what was built, or prove it gone.

A place is verified before the tenant is pointed to it. What was looked at is kept on
the run and in the audit trail, passed or not; a check that failed ends the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from paybill_site.kernel.actions import perform
from provisioning import filling, state, verification
from provisioning.actions import CompleteRun, NoteChecks
from provisioning.checks import Check, failures, told
from provisioning.errors import LeftOver, NotAsBuilt
from provisioning.models import Run
from provisioning.removal import proof
from provisioning.runner.logs import LogWriter
from provisioning.states import Operation, Phase
from provisioning.system import RUNNER
from tenants.actions import AttachPlacement, RetirePlacement
from tenants.models import Placement
from tenants.states import PlacementState

type Finish = Callable[[Run, LogWriter], dict[str, object]]


def finish(run: Run) -> None:
    """Bring a run that Terraform is done with to its end. May be repeated."""
    log = LogWriter(run, Phase.FINISH)
    try:
        outputs = FINISHES[Operation(run.operation)](run, log)
    finally:
        log.flush()
    done = {"fence": run.fence, "outputs": outputs}
    perform(CompleteRun, run, done, actor=RUNNER)


def _put_up(run: Run, log: LogWriter) -> dict[str, object]:
    outputs = state.outputs(run.deployment)
    log.say("Building the tenant's plane in what was made")
    place = filling.fill(run, outputs)
    log.say("Looking whether it is as it was built")
    checks = verification.of(run, place)
    asked = asdict(place)
    _note(run, checks, log, report_key=asked.pop("report_key"))
    if failures(checks):
        raise NotAsBuilt(failures(checks))
    log.say("Pointing the tenant to its place")
    perform(AttachPlacement, run.tenant.public_id, asked, actor=RUNNER)
    return outputs


def _take_down(run: Run, log: LogWriter) -> dict[str, object]:
    filling.prove_gone(run)
    checks, ending = proof.of(run.deployment)
    _note(run, checks, log)
    if failures(checks):
        raise LeftOver(failures(checks))
    for one in ending:
        log.say(f"Deleted and not gone yet: {one.name} {one.ends}")
    mine = Placement.objects.filter(
        tenant=run.tenant, kind=run.deployment.kind, state=PlacementState.TAKEN
    )
    for placement in mine:
        perform(RetirePlacement, placement, actor=RUNNER)
    return {}


def _leave(run: Run, log: LogWriter) -> dict[str, object]:
    """What stands serves as before; nothing has to be filled or attached."""
    return state.outputs(run.deployment) or dict(run.deployment.outputs)


FINISHES: dict[Operation, Finish] = {
    Operation.APPLY: _put_up,
    Operation.DESTROY: _take_down,
    Operation.UNPROTECT: _leave,
    Operation.ADOPT: _leave,
    Operation.REFRESH: _leave,
}


def _note(
    run: Run, checks: list[Check], log: LogWriter, *, report_key: str = ""
) -> None:
    for check in checks:
        log.say(
            f"{'passed' if check.passed else 'FAILED'}: {check.name}, {check.detail}"
        )
    noted = {"fence": run.fence, "checks": told(checks), "report_key": report_key}
    perform(NoteChecks, run, noted, actor=RUNNER)
