"""Runs under stress: two at once, canceled, confirmed late, killed, out of reach."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove
from provisioning import queue as order
from provisioning import reaper, stacks, state, tasks
from provisioning.actions import CancelRun, ClaimRun, DiscardRun, RetryRun
from provisioning.errors import LeaseLost
from provisioning.models import (
    Deployment,
    PlanFile,
    Run,
    StateLock,
    StateVersion,
)
from provisioning.runner import lease, logs
from provisioning.runner.processes import alive
from provisioning.runner.work import work
from provisioning.runner.workdir import WorkDir
from provisioning.states import DeploymentState, PhaseState, RunState
from provisioning.system import RUNNER
from tests.provisioning.conftest import (
    OPERATOR,
    Slow,
    confirm,
    queue,
    runner,
    wait_for,
)


def made(run: Run) -> int:
    """How many resources of a run are there already."""
    run.refresh_from_db()
    return int(run.progress.get("done", 0))


def state_of(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def test_a_canceled_apply_saves_what_it_made(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(2)
    run = queue(deployment)

    def cancel() -> None:
        with planes.plane(planes.CONTROL):
            wait_for(lambda: made(copy), "the first resource")
            perform(CancelRun, copy, actor=OPERATOR)
        connections.close_all()

    copy = Run.objects.get(pk=run.pk)
    other = threading.Thread(target=cancel)
    other.start()
    assert work(run.public_id)
    other.join()
    assert state_of(run) == RunState.CANCELED
    assert run.explanation.startswith("Canceled on request")
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.BROKEN
    assert state.current(deployment) is not None
    assert not StateLock.objects.exists()
    text, _ = logs.read(run, "apply", 0)
    assert text.count("Asked to stop") == 1


def test_two_runners_at_once_make_one_run(web: str, deployment: Deployment) -> None:
    run = queue(deployment)
    taken: list[bool] = []

    def claim(name: str) -> None:
        with planes.plane(planes.CONTROL):
            try:
                perform(ClaimRun, run.public_id, {"holder": name}, actor=RUNNER)
                taken.append(True)
            except (LeaseLost, IllegalMove):
                taken.append(False)
        connections.close_all()

    both = [threading.Thread(target=claim, args=(f"h {n} 1",)) for n in (1, 2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(taken) == [False, True]
    assert not work(run.public_id)
    run.refresh_from_db()
    assert run.fence == 1


def test_a_plan_waits_for_a_person_and_is_applied_by_another_runner(
    web: str, slow: Slow, deployment: Deployment, unfilled: None
) -> None:
    slow(0)
    run = queue(deployment, needs_confirmation=True)
    work(run.public_id)
    assert state_of(run) == RunState.WAITING
    assert PlanFile.objects.get().content
    assert not WorkDir.of(run).path.exists()
    assert run.lease_until is None
    confirm(run)
    work(run.public_id)
    assert state_of(run) == RunState.APPLIED, run.explanation
    assert run.fence == 2


def test_a_discarded_plan_is_gone(web: str, slow: Slow, deployment: Deployment) -> None:
    slow(0)
    run = queue(deployment, needs_confirmation=True)
    work(run.public_id)
    perform(DiscardRun, run, actor=OPERATOR)
    assert state_of(run) == RunState.DISCARDED
    assert not PlanFile.objects.exists()
    assert not StateVersion.objects.exists()


def test_a_stale_plan_is_refused(web: str, slow: Slow, deployment: Deployment) -> None:
    slow(0)
    run = queue(deployment, needs_confirmation=True)
    work(run.public_id)
    confirm(run)
    other = Run.objects.create(
        deployment=deployment, trigger="x", state="applied", stack="-", stack_digest="-"
    )
    newer = b'{"version": 4, "serial": 7, "lineage": "other", "resources": []}'
    with planes.atomic():
        state.keep(other, newer, "saved")  # type: ignore[arg-type]
    work(run.public_id)
    assert state_of(run) == RunState.FAILED
    assert "plan" in run.explanation.lower()
    newest = state.current(deployment)
    assert newest is not None
    assert newest.serial == 7


def test_a_plan_file_that_was_changed_is_not_applied(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = queue(deployment, needs_confirmation=True)
    work(run.public_id)
    confirm(run)
    kept = PlanFile.objects.get()
    kept.content = kept.content[:-10]
    kept.save()
    work(run.public_id)
    assert state_of(run) == RunState.FAILED
    assert "not the one that was confirmed" in run.explanation
    assert not StateVersion.objects.exists()


def test_a_run_has_the_stack_it_was_queued_with_whatever_is_on_disk(
    web: str, slow: Slow, deployment: Deployment, unfilled: None
) -> None:
    slow(0)
    run = queue(deployment)
    broken = stacks.FOLDER / "local" / "bridge" / "more.tf"
    broken.write_text("this is not HCL\n")
    work(run.public_id)
    assert state_of(run) == RunState.APPLIED, run.explanation


def test_archived_files_that_were_altered_are_not_used(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = queue(deployment)
    version = run.stack_version
    assert version is not None
    version.files["main.tf"] += "# more\n"
    version.save()
    work(run.public_id)
    assert state_of(run) == RunState.FAILED
    assert "are not what they were" in run.explanation


def test_what_terraform_refuses_is_a_failure_with_its_words(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = queue(deployment)
    run.inputs["generation"] = 0
    run.save()
    work(run.public_id)
    assert state_of(run) == RunState.FAILED
    assert "A generation is a whole number from 1." in run.explanation
    assert run.phases.get(name="prepare").state == PhaseState.DONE
    assert run.phases.get(name="plan").state == PhaseState.FAILED
    assert run.phases.get(name="check").state == PhaseState.UNREACHABLE
    assert run.phases.get(name="apply").state == PhaseState.UNREACHABLE
    again = perform(RetryRun, run, actor=OPERATOR).result
    assert again.inputs["generation"] == 1


def test_what_breaks_on_our_side_is_an_error_with_a_trace(
    web: str, slow: Slow, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(0)

    def broken(run: Run) -> None:
        raise ZeroDivisionError("password=hunter2")

    monkeypatch.setattr("provisioning.finishing.finish", broken)
    run = queue(deployment)
    work(run.public_id)
    assert state_of(run) == RunState.ERRORED
    assert "ZeroDivisionError" in run.traceback
    assert "hunter2" not in run.traceback + run.explanation


def test_a_plan_whose_runner_died_starts_over(deployment: Deployment) -> None:
    run = held(deployment, RunState.PLANNING)
    assert reaper.reap() == 1
    assert state_of(run) == RunState.PENDING
    assert order.claimable().get() == run
    deployment.refresh_from_db()
    assert deployment.fence == run.fence + 1


def test_an_apply_whose_runner_died_is_tried_again_from_the_state(
    deployment: Deployment,
) -> None:
    run = held(deployment, RunState.APPLYING)
    Deployment.objects.update(state=DeploymentState.BUILDING)
    assert reaper.reap() == 1
    assert state_of(run) == RunState.ERRORED
    assert Run.objects.get(trigger=f"retry:{run.public_id}").attempt == 2


def test_a_state_that_was_left_behind_is_rescued_and_freezes(
    deployment: Deployment,
) -> None:
    run = held(deployment, RunState.APPLYING)
    Deployment.objects.update(state=DeploymentState.BUILDING)
    folder = WorkDir.of(run)
    folder.path.mkdir(parents=True)
    folder.write("errored.tfstate", b'{"serial": 3, "lineage": "a", "resources": []}')
    assert reaper.reap() == 1
    assert StateVersion.objects.get().origin == "rescued"
    deployment.refresh_from_db()
    assert "adopted" in deployment.frozen
    assert Run.objects.count() == 1
    assert not folder.path.exists()


def test_a_worker_takes_what_lies_on_its_host_before_it_starts_a_run(
    deployment: Deployment,
) -> None:
    """The reaper that ended the run was on another host and saw no folder."""
    run = held(deployment, RunState.APPLYING)
    Run.objects.update(state=RunState.ERRORED, lease_until=None)
    folder = WorkDir.of(run)
    folder.path.mkdir(parents=True)
    folder.write("errored.tfstate", b'{"serial": 3, "lineage": "a", "resources": []}')
    Run.objects.create(
        deployment=deployment, trigger="next", stack="-", stack_digest="-"
    )
    assert tasks.work(run.public_id) == ""  # frozen: nothing may start
    assert StateVersion.objects.get().origin == "rescued"
    deployment.refresh_from_db()
    assert "adopted" in deployment.frozen
    assert not folder.path.exists()


def test_a_slow_runner_that_lives_is_left_alone(deployment: Deployment) -> None:
    run = held(deployment, RunState.APPLYING, holder=lease.holder())
    assert reaper.reap() == 0
    assert state_of(run) == RunState.APPLYING


def test_a_runner_on_another_host_is_given_time(deployment: Deployment) -> None:
    run = held(deployment, RunState.APPLYING, holder="elsewhere 1 2")
    assert reaper.reap() == 0
    Run.objects.update(missed_at=timezone.now() - timedelta(minutes=2))
    Deployment.objects.update(state=DeploymentState.BUILDING)
    assert reaper.reap() == 1
    assert state_of(run) == RunState.ERRORED


def held(deployment: Deployment, state: RunState, holder: str = "") -> Run:
    """A run in the hands of a runner that does not renew its lease."""
    run = queue(deployment)
    holder = holder or f"{lease.holder().split()[0]} 999999 1"
    run = perform(ClaimRun, run, {"holder": holder}, actor=RUNNER).result
    ended = timezone.now() - timedelta(seconds=1)
    phase = "plan" if state == RunState.PLANNING else "apply"
    run.phases.filter(name=phase).update(state=PhaseState.RUNNING)
    Run.objects.filter(pk=run.pk).update(state=state, lease_until=ended)
    run.refresh_from_db()
    return run


@pytest.mark.slow
def test_a_killed_runner_loses_nothing(
    web: str, slow: Slow, deployment: Deployment, unfilled: None
) -> None:
    """Kill -9: Terraform hears of it, saves its state, and a new run goes on."""
    slow(3)
    run = queue(deployment)
    process = runner(run, web)
    wait_for(lambda: made(run), "the first resource", 60)
    named = WorkDir.of(run).process.read_text()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not alive(named), "Terraform to end by itself", 60)
    deployment.refresh_from_db()
    assert state.current(deployment) is not None, "its state was saved"

    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    # Plugins of Terraform outlive it for a moment, and are waited for.
    wait_for(lambda: reaper.reap() == 1, "the reaper to take it", 20)
    assert state_of(run) == RunState.ERRORED
    again = Run.objects.get(trigger=f"retry:{run.public_id}")
    work(again.public_id)
    assert state_of(again) == RunState.APPLIED, again.explanation
    newest = state.current(deployment)
    assert newest is not None
    assert newest.resources == 1  # one resource with three instances
