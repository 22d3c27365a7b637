"""A look at what changed outside: it writes nothing, and nothing ever waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from socket import create_server

import pytest
from django.db import connections

from paybill_site import celery
from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from provisioning import queue as order
from provisioning import state, tasks
from provisioning.actions import ClaimRun
from provisioning.errors import NotEntitled, RunActive
from provisioning.models import CloudAccount, Deployment, Run, StateLock
from provisioning.runner.work import work
from provisioning.runner.workdir import WorkDir
from provisioning.states import SECONDS, DeploymentState, RunState
from provisioning.system import RUNNER
from tests.provisioning.conftest import Entitle, Hcl, queue

FILE = """
resource "terraform_data" "file" {
  input = "first"
}
"""
# A look waits for what it reads.
READS = """
data "terraform_remote_state" "slow" {{
  backend = "http"
  config  = {{ address = "{address}" }}
}}
"""


@pytest.fixture
def standing(entitle: Entitle) -> Deployment:
    """A deployment of which something stands."""
    deployment = entitle()
    Deployment.objects.update(state=DeploymentState.READY)
    deployment.refresh_from_db()
    return deployment


def ended(run: Run) -> Run:
    work(run.public_id)
    run.refresh_from_db()
    return run


def test_a_look_writes_nothing_and_takes_no_lock(
    web: str, hcl: Hcl, unfilled: None, entitle: Entitle
) -> None:
    hcl(FILE)
    deployment = entitle()
    assert ended(queue(deployment)).state == RunState.APPLIED
    before = state.current(deployment)
    look = ended(queue(deployment, operation="refresh"))
    assert look.state == RunState.APPLIED, (look.explanation, look.traceback)
    assert state.current(deployment) == before
    assert not StateLock.objects.exists()
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.READY
    assert deployment.drift == {}
    assert deployment.drift_seen_at is not None
    phases = {phase.name: phase.state for phase in look.phases.all()}
    assert phases == {
        "prepare": "done",
        "plan": "done",
        "check": "unreachable",
        "apply": "unreachable",
        "finish": "unreachable",
    }


def test_where_nothing_stands_there_is_nothing_to_see(deployment: Deployment) -> None:
    with pytest.raises(NotEntitled, match="nothing to see"):
        queue(deployment, operation="refresh")


def test_a_look_waits_for_a_run_and_a_run_for_no_look(standing: Deployment) -> None:
    look = queue(standing, operation="refresh")
    run = queue(standing)
    look.refresh_from_db()
    assert look.state == RunState.CANCELED
    assert "a run was queued" in look.explanation
    with pytest.raises(RunActive):
        queue(standing, operation="refresh")
    assert order.claimable().get() == run


def test_a_look_at_work_ends_when_a_run_is_queued(
    web: str, hcl: Hcl, standing: Deployment
) -> None:
    """Its Terraform reads from somebody who never answers, and is not waited for."""
    server = create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{server.getsockname()[1]}/"
    hcl(READS.format(address=address))
    look = queue(standing, operation="refresh")

    def interrupt() -> None:
        reading, _ = server.accept()
        with reading:
            with planes.plane(planes.CONTROL):
                queue(standing)
            connections.close_all()
            while reading.recv(10_000):
                pass  # until Terraform is gone

    with server, ThreadPoolExecutor(1) as pool:
        other = pool.submit(interrupt)
        assert work(look.public_id)
        other.result()
    look.refresh_from_db()
    assert look.state == RunState.CANCELED
    assert not WorkDir.of(look).path.exists()
    assert Run.objects.get(state=RunState.PENDING).operation == "apply"


def test_looks_take_no_runner_from_a_run_and_go_one_at_a_time(
    entitle: Entitle, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (entitle(slug=slug) for slug in ("one", "two", "three"))
    Deployment.objects.update(state=DeploymentState.READY)
    looks = [queue(one, operation="refresh") for one in (first, second)]
    run = queue(third)
    assert {*order.claimable()} == {run, *looks}
    woken: dict[str, str] = {}
    monkeypatch.setattr(
        tasks.work,
        "apply_async",
        lambda args, words, *, queue, expires: woken.update({args[0]: queue}),
    )
    for one in (run, *looks):
        tasks.wake(one.public_id)
    assert [*woken.values()] == ["runs", "care", "care"]
    taken = order.reserve(looks=True)
    assert taken is not None
    assert taken[0] == looks[0].public_id
    assert order.reserve(looks=True) is None, "one at a time"
    taken = order.reserve()
    assert taken is not None
    assert taken[0] == run.public_id


def test_an_account_has_so_many_runs_at_once(entitle: Entitle) -> None:
    for slug in ("one", "two"):
        queue(entitle(slug=slug))
    account = CloudAccount.objects.get()
    CloudAccount.objects.update(at_once=1)
    taken = order.reserve()
    assert taken is not None
    assert order.reserve() is None
    assert not order.claimable().exists()
    run = Run.objects.get(public_id=taken[0])
    claimed = {"holder": "h 1 1", "reservation": taken[1]}
    perform(ClaimRun, run, claimed, actor=RUNNER)
    assert order.reserve() is None
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLIED, lease_until=None)
    assert order.reserve() is not None
    assert account.at_once == 4


def test_a_paused_account_builds_nothing_new_and_takes_away(entitle: Entitle) -> None:
    building, going = entitle(slug="building"), entitle(slug="going")
    queue(building)
    CloudAccount.objects.update(state="paused")
    assert not order.claimable().exists()
    Run.objects.create(
        deployment=going,
        operation="destroy",
        trigger="gone",
        stack="-",
        stack_digest="-",
    )
    assert order.claimable().get().operation == "destroy"


def test_a_message_lives_longer_than_any_run() -> None:
    options = celery.CONFIGURATION["broker_transport_options"]
    assert options["visibility_timeout"] > sum(SECONDS.values())
    assert celery.CONFIGURATION["worker_prefetch_multiplier"] == 1
    assert celery.CONFIGURATION["task_acks_late"]
    assert celery.CONFIGURATION["task_reject_on_worker_lost"]
