"""The last phase on a bad day: clouds that answer once in a while, or never."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from socket import create_server, socket

import psycopg
import pytest
from django.db import connections
from django.utils import timezone

from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from provisioning import finishing, reaper
from provisioning.actions import CancelRun, ForceCancelRun, RetryRun
from provisioning.clouds import inventory
from provisioning.clouds.inventory import Found
from provisioning.errors import CloudFailed, TooEarly
from provisioning.models import Deployment, LogChunk, Run
from provisioning.recovery import GRACE
from provisioning.runner import work as working
from provisioning.runner.lease import host
from provisioning.runner.processes import started_at
from provisioning.runner.work import work
from provisioning.runner.workdir import WorkDir
from provisioning.states import (
    SECONDS,
    DeploymentState,
    Operation,
    Phase,
    PhaseState,
    RunState,
)
from tests.faults.test_canceling import WHY, cancel_long_ago
from tests.provisioning.conftest import OPERATOR, Entitle, queue


@pytest.fixture
def finishing_run(committed: None, entitle: Entitle) -> Run:
    """A run that Terraform is done with; no runner has it."""
    return finishing_of(entitle())


def finishing_of(deployment: Deployment) -> Run:
    run = queue(deployment)
    run.phases.exclude(name=Phase.FINISH).update(state=PhaseState.DONE)
    run.phases.filter(name=Phase.FINISH).update(state=PhaseState.RUNNING)
    Run.objects.filter(pk=run.pk).update(state=RunState.FINISHING)
    Deployment.objects.update(state=DeploymentState.BUILDING)
    run.refresh_from_db()
    return run


class Throttled:
    """A cloud that refuses to be asked a few times."""

    verified = True

    def __init__(self, times: int) -> None:
        self.times = times

    def listed(self, deployment: Deployment) -> list[Found]:
        if self.times:
            self.times -= 1
            raise CloudFailed("AWS did not list what exists: ThrottlingException")
        return []


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """To finish is to ask the cloud."""

    def ask(run: Run, log: object) -> dict[str, object]:
        asked = inventory.of(run.deployment)
        assert asked is not None
        return {"found": len(asked.listed(run.deployment))}

    monkeypatch.setitem(finishing.FINISHES, Operation.APPLY, ask)
    monkeypatch.setattr(working, "PAUSES", (0.0, 0.0))


def throttle(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    cloud = Throttled(times)
    monkeypatch.setitem(inventory._makers, "local", lambda _: cloud)


def test_one_throttled_answer_does_not_end_a_good_apply(
    finishing_run: Run, lists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle(monkeypatch, 1)
    assert work(finishing_run.public_id)
    run = Run.objects.get()
    assert run.state == RunState.APPLIED, run.explanation
    assert Deployment.objects.get().state == DeploymentState.READY
    assert "ThrottlingException; trying again" in LogChunk.objects.get().text


def test_a_cloud_that_stays_away_is_asked_again_by_another_run(
    finishing_run: Run, lists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle(monkeypatch, 99)
    assert work(finishing_run.public_id)
    finishing_run.refresh_from_db()
    assert finishing_run.state == RunState.ERRORED
    assert "ThrottlingException" in finishing_run.explanation
    again = Run.objects.get(state=RunState.PENDING)
    assert again.trigger == f"retry:{finishing_run.public_id}"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> socket:
    """To finish is to enter a database that takes the connection and says nothing."""
    server = create_server(("127.0.0.1", 0))

    def enter(run: Run, log: object) -> dict[str, object]:
        port = server.getsockname()[1]
        psycopg.connect(f"host=127.0.0.1 port={port} user=x dbname=x")
        raise AssertionError("it answered")

    monkeypatch.setitem(finishing.FINISHES, Operation.APPLY, enter)
    return server


def test_what_never_answers_is_left_when_the_time_is_over(
    finishing_run: Run, silent: socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, Phase.FINISH, 1.0)
    with silent:
        assert work(finishing_run.public_id)
    finishing_run.refresh_from_db()
    assert finishing_run.state == RunState.ERRORED
    assert finishing_run.explanation == "finish took longer than 1 s"
    assert Run.objects.filter(state=RunState.PENDING).exists()


def test_it_is_canceled_while_it_waits(finishing_run: Run, silent: socket) -> None:
    def cancel() -> None:
        entered, _ = silent.accept()
        with entered, planes.plane(planes.CONTROL):
            perform(CancelRun, finishing_run, actor=OPERATOR)
            connections.close_all()
            while entered.recv(1000):
                pass  # until the runner has left

    with silent, ThreadPoolExecutor(1) as pool:
        other = pool.submit(cancel)
        assert work(finishing_run.public_id)
        other.result()
    finishing_run.refresh_from_db()
    assert finishing_run.state == RunState.CANCELED
    deployment = Deployment.objects.get()
    assert deployment.state == DeploymentState.BROKEN
    assert deployment.settled, "Terraform had saved all that it made"
    retried = perform(RetryRun, finishing_run, actor=OPERATOR).result
    assert retried.state == RunState.PENDING


def test_force_ends_it_and_a_runner_that_hangs_is_killed(
    deployment: Deployment,
) -> None:
    run = finishing_of(deployment)
    folder = WorkDir.of(run).path
    folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"]) as hangs:
        held = f"{host()} {hangs.pid} {started_at(hangs.pid)}"
        Run.objects.update(holder=held)
        run = perform(CancelRun, run, actor=OPERATOR).result
        with pytest.raises(TooEarly):
            perform(ForceCancelRun, run, WHY, actor=OPERATOR)
        Run.objects.update(cancel_requested_at=None)
        cancel_long_ago(run)
        perform(ForceCancelRun, run, WHY, actor=OPERATOR)
        reaper.clear()
        assert hangs.poll() is None, "it is given time to see it"
        long_ago = timezone.now() - GRACE - timedelta(seconds=1)
        Run.objects.update(ended_at=long_ago)
        reaper.clear()
        assert hangs.wait(10) == -9
    reaper.clear()
    assert not folder.exists()
