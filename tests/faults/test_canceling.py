"""Canceled kindly first; by force only later, by a person who says why."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta

import pytest
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, Invalid
from paybill_site.kernel.models import AuditEntry
from provisioning import reaper
from provisioning.actions import CancelRun, ClaimRun, ForceCancelRun, RetryRun
from provisioning.errors import TooEarly
from provisioning.models import Deployment, Run, RunRules, StateLock
from provisioning.runner import remains
from provisioning.runner.workdir import WorkDir
from provisioning.states import DeploymentState, RunState
from provisioning.system import RUNNER
from tests.provisioning.conftest import OPERATOR, Slow, queue, runner, wait_for

WHY = {"why": "it hangs for an hour"}


@pytest.fixture
def applying(deployment: Deployment) -> Run:
    """A run that a runner on this host applies; the runner is dead."""
    run = perform(ClaimRun, queue(deployment), {"holder": _dead()}, actor=RUNNER).result
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLYING)
    Deployment.objects.update(state=DeploymentState.BUILDING)
    run.refresh_from_db()
    StateLock.objects.create(
        deployment=deployment, run=run, lock_id="l", info={}, fence=run.fence
    )
    return run


def _dead() -> str:
    return f"{os.uname().nodename} 999999 1"


def cancel_long_ago(run: Run) -> None:
    perform(CancelRun, run, actor=OPERATOR)
    before = timezone.now() - timedelta(minutes=RunRules().cool_off_minutes, seconds=1)
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=before)


def test_force_comes_after_a_cancel_and_a_cool_off(applying: Run) -> None:
    with pytest.raises(IllegalMove, match="cancel the run first"):
        perform(ForceCancelRun, applying, WHY, actor=OPERATOR)
    perform(CancelRun, applying, actor=OPERATOR)
    with pytest.raises(TooEarly, match="may still stop by itself"):
        perform(ForceCancelRun, applying, WHY, actor=OPERATOR)
    with pytest.raises(Invalid):
        perform(ForceCancelRun, applying, actor=OPERATOR)
    applying.refresh_from_db()
    assert applying.state == RunState.APPLYING


def test_agents_use_no_force(applying: Run, agent: Actor) -> None:
    cancel_long_ago(applying)
    assert not ForceCancelRun.agents
    with pytest.raises(Forbidden, match="agents"):
        ForceCancelRun().run(applying, ForceCancelRun.Input(**WHY), actor=agent)


def test_force_ends_the_run_and_shuts_its_terraform_out(applying: Run) -> None:
    cancel_long_ago(applying)
    perform(ForceCancelRun, applying, WHY, actor=OPERATOR)
    run = Run.objects.select_related("deployment").get()
    assert run.state == RunState.FORCE_CANCELED
    assert run.explanation == "Ended by force: it hangs for an hour"
    assert run.deployment.fence > run.fence
    assert run.deployment.state == DeploymentState.BROKEN
    assert not run.deployment.settled, "what exists is looked for before the next plan"
    assert not StateLock.objects.exists()
    assert not run.token_digest
    assert AuditEntry.objects.filter(action="provisioning.force_cancel_run").exists()
    with pytest.raises(IllegalMove):
        perform(ForceCancelRun, run, WHY, actor=OPERATOR)
    assert perform(RetryRun, run, actor=OPERATOR).result.state == RunState.PENDING


def test_the_reaper_kills_what_hangs_when_the_runner_died_before(
    applying: Run,
) -> None:
    folder = WorkDir.of(applying)
    folder.path.mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"], cwd=folder.path) as hangs:
        reaper.clear()
        assert hangs.poll() is None, "the run is not over"
        cancel_long_ago(applying)
        perform(ForceCancelRun, applying, WHY, actor=OPERATOR)
        reaper.clear()
        assert hangs.wait(10) == -9
    assert not folder.path.exists()


@pytest.mark.slow
def test_the_runner_kills_its_terraform_when_force_is_used(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(300)
    run = queue(deployment)
    with runner(run, web) as process:
        wait_for(lambda: _made(run), "the first resource", 90)
        folder = WorkDir.of(run)
        assert remains.living(folder.path)
        cancel_long_ago(run)
        perform(ForceCancelRun, run, WHY, actor=OPERATOR)
        assert process.wait(30) == 0
    assert not remains.living(folder.path)
    run.refresh_from_db()
    assert run.state == RunState.FORCE_CANCELED


def _made(run: Run) -> int:
    run.refresh_from_db()
    assert not run.is_final, run.explanation
    return int(run.progress.get("done", 0))
