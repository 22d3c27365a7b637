"""A run from its claim to its end."""

from __future__ import annotations

import logging
import time
import traceback

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove, PaybillError
from paybill_site.kernel.logs import said
from provisioning import finishing
from provisioning.actions import ClaimRun, EndRun
from provisioning.errors import (
    Canceled,
    CloudFailed,
    Frozen,
    LeaseLost,
    OutOfTime,
    TerraformDied,
    TerraformFailed,
    Unsettled,
)
from provisioning.models import Run
from provisioning.runner import harvest, phases
from provisioning.runner.lease import Heartbeat, holder
from provisioning.runner.limits import limited
from provisioning.runner.logs import LogWriter
from provisioning.runner.patience import AWAY, act
from provisioning.runner.workdir import WorkDir
from provisioning.states import Phase, RunState
from provisioning.system import RUNNER

log = logging.getLogger(__name__)

# Nobody said no: a process died, a cloud was throttled or away, an answer never came.
BROKE = (TerraformDied, CloudFailed, OutOfTime)
PAUSES = (5.0, 20.0, 60.0)  # seconds, between tries to finish


def work(run_id: str, reservation: str = "") -> bool:
    """Take up a run and bring it as far as it goes; False when it is another's."""
    asked = {"holder": holder(), "reservation": reservation}
    with said(run=run_id):
        try:
            run = perform(ClaimRun, run_id, asked, actor=RUNNER).result
        except (IllegalMove, LeaseLost, Frozen, Unsettled) as taken:
            log.info("not taken up: %s", taken.detail)
            return False
        with Heartbeat(run) as heartbeat:
            _guarded(run, heartbeat)
    return True


def _guarded(run: Run, heartbeat: Heartbeat) -> None:
    """Every way a run can end is written on it, except a lease that was lost."""
    try:
        _advance(run, heartbeat)
    except LeaseLost:
        log.warning("the lease was lost; another runner goes on")
        harvest.take(run, RUNNER)
        WorkDir.of(run).remove()
        return
    except AWAY:
        log.exception("the database stayed away; the reaper takes the run")
        return
    except Canceled:
        _end(run, RunState.CANCELED, "Canceled on request; Terraform saved its state.")
    except PaybillError as refusal:
        _refused(run, refusal)
    except Exception as error:
        log.exception("the run broke")
        words = f"Paybill could not finish this run ({type(error).__name__})."
        _end(run, RunState.ERRORED, words, trace=traceback.format_exc())
    run.refresh_from_db()
    if run.is_final or run.state == RunState.WAITING:  # its plan is kept, encrypted
        WorkDir.of(run).remove()


def _refused(run: Run, refusal: PaybillError) -> None:
    """Terraform or a check said no; or something broke, which says nothing."""
    if isinstance(refusal, BROKE):
        _end(run, RunState.ERRORED, refusal.detail, again=True)
    elif isinstance(refusal, TerraformFailed):
        _end(run, RunState.FAILED, refusal.detail)
    else:
        _end(run, RunState.FAILED, refusal.detail, trace=traceback.format_exc())


def _advance(run: Run, heartbeat: Heartbeat) -> None:
    if run.state == RunState.PENDING:
        run = phases.plan(run, heartbeat)
    if run.state == RunState.CONFIRMED:
        run = phases.apply(run, heartbeat)
    if run.state == RunState.FINISHING:
        with limited(Phase.FINISH, heartbeat):
            _finish(run)


def _finish(run: Run) -> None:
    """Finish, patiently: what was applied well does not end for one bad answer."""
    for pause in PAUSES:
        try:
            finishing.finish(run)
        except CloudFailed as away:
            said = LogWriter(run, Phase.FINISH)
            said.say(f"{away.detail}; trying again in {pause:.0f} s")
            said.flush()
            time.sleep(pause)
        else:
            return
    finishing.finish(run)


def _end(
    run: Run,
    state: RunState,
    explanation: str,
    *,
    trace: str = "",
    again: bool = False,
) -> None:
    try:
        harvest.take(run, RUNNER)
        ended = {
            "fence": run.fence,
            "state": state.value,
            "explanation": explanation[:4000],
            "traceback": trace[-60_000:],
            "again": again,
        }
        act(EndRun, run, ended)
    except (LeaseLost, IllegalMove):
        log.warning("the end could not be written: another runner has the run")
