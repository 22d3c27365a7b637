"""After an apply that ended badly: look what exists, then plan; or stop, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from provisioning import queue as order
from provisioning import reaper, recovery, state
from provisioning.actions import (
    ClaimRun,
    DiscardRun,
    EndRun,
    ThawDeployment,
)
from provisioning.clouds import inventory
from provisioning.clouds.inventory import Found
from provisioning.errors import CloudFailed, Unsettled
from provisioning.models import Deployment, Run, StateOrigin, StateVersion
from provisioning.runner import taking
from provisioning.runner.lease import host
from provisioning.states import DeploymentState, Operation, RunState
from provisioning.system import RUNNER
from tests.provisioning.conftest import OPERATOR, queue

STACK = 'resource "t_server" "main" {}\n  resource "t_disk" "data" {\n  }\n'


@dataclass
class Cloud:
    """A cloud that says what a test lets it say."""

    things: list[Found]
    away: bool = False
    odd: bool = False
    asked: int = 0
    verified = True

    def listed(self, deployment: Deployment) -> list[Found]:
        self.asked += 1
        if self.away:
            raise CloudFailed("no answer")
        if self.odd:
            raise KeyError("name")
        return self.things


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud([])
    monkeypatch.setitem(inventory._makers, "local", lambda _: cloud)
    return cloud


type Break = Callable[..., Run]


@pytest.fixture
def broken(deployment: Deployment, cloud: Cloud) -> Break:
    """An apply ended badly with this state, and a run is queued after it."""

    def make(resources: list[dict[str, Any]], operation: str = "apply") -> Run:
        run = queue(deployment)
        claimed = perform(ClaimRun, run, {"holder": "here 1 1"}, actor=RUNNER).result
        Run.objects.filter(pk=run.pk).update(state=RunState.APPLYING)
        Deployment.objects.update(state=DeploymentState.BUILDING)
        _keep(claimed, resources)
        ended = {"fence": claimed.fence, "state": "failed", "explanation": "no"}
        perform(EndRun, run, ended, actor=RUNNER)
        Run.objects.update(holder=f"{host()} 999999 1")
        after: Run = queue(deployment)
        Run.objects.filter(pk=after.pk).update(operation=operation)
        after.refresh_from_db()
        assert after.stack_version is not None
        after.stack_version.files = {"main.tf": STACK}
        after.stack_version.save()
        return after

    return make


def _keep(run: Run, resources: list[dict[str, Any]]) -> StateVersion:
    body = {"version": 4, "serial": 1, "lineage": "l", "resources": resources}
    with planes.atomic():
        return state.keep(run, json.dumps(body).encode(), StateOrigin.SAVED)


def known(kind: str, name: str, *instances: dict[str, Any]) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "instances": list(instances),
    }


SERVER = known("t_server", "main", {"attributes": {"id": "srv-1"}})


def frozen(run: Run) -> str:
    return Deployment.objects.get(pk=run.deployment_id).frozen


def later() -> None:
    """Let the pause before the next question be over."""
    Run.objects.update(ask_after=timezone.now())


def test_nothing_is_planned_before_it_is_known_what_exists(
    broken: Break, cloud: Cloud
) -> None:
    run = broken([SERVER])
    assert not order.claimable().exists()
    with pytest.raises(Unsettled):
        perform(ClaimRun, run, {"holder": "here 1 1"}, actor=RUNNER)
    cloud.away = True
    assert recovery.recover() == 0
    assert cloud.asked == 1
    assert not order.claimable().exists()
    run.refresh_from_db()
    assert run.explanation == "It is not known yet what exists: no answer"
    cloud.away = False
    assert recovery.recover() == 0
    assert cloud.asked == 1, "it is given time"
    later()
    assert recovery.recover() == 1
    run.refresh_from_db()
    assert run.explanation == ""
    assert order.claimable().get() == run


def test_a_cloud_that_answers_oddly_holds_nobody_else_up(
    broken: Break, cloud: Cloud
) -> None:
    run = broken([SERVER])
    cloud.odd = True
    assert recovery.recover() == 0
    assert not order.claimable().exists()
    run.refresh_from_db()
    assert "could not be compared (KeyError)" in run.explanation
    cloud.odd = False
    later()
    assert recovery.recover() == 1


def test_a_cloud_that_stays_away_is_asked_less_and_less(
    broken: Break, cloud: Cloud
) -> None:
    run = broken([SERVER])
    cloud.away = True
    pauses = []
    for _ in range(7):
        before = timezone.now()
        assert recovery.recover() == 0
        run.refresh_from_db()
        assert run.ask_after is not None
        pauses.append(round((run.ask_after - before).total_seconds(), -1))
        later()
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_what_can_not_be_noted_is_said_on_the_run(broken: Break, cloud: Cloud) -> None:
    run = broken([])
    cloud.things = [Found("t_disk.data", "x" * 1001, "cloud/x")]
    assert recovery.recover() == 0
    run.refresh_from_db()
    assert run.explanation.startswith("What exists can not be noted: ")
    assert not run.imports


def test_what_the_state_misses_is_taken_up(broken: Break, cloud: Cloud) -> None:
    run = broken([SERVER])
    cloud.things = [
        Found("t_server.main", "srv-1", "cloud/srv-1"),
        Found('t_disk.data["a"]', "dsk-1", "cloud/dsk-1"),
        Found("t_disk.data[0]", "dsk-2", "cloud/dsk-2"),
        Found("t_disk.data[1]", "dsk-3", "cloud/dsk-3", ends="deleting"),
    ]
    recovery.recover()
    run.refresh_from_db()
    assert run.imports == [
        {"address": 't_disk.data["a"]', "id": "dsk-1"},
        {"address": "t_disk.data[0]", "id": "dsk-2"},
    ]
    assert not frozen(run)
    assert recovery.missing(run) == run.imports


@pytest.mark.parametrize(
    ("things", "why"),
    [
        ([Found("t_other.x", "1", "n1")], "n1: the stack has no t_other.x"),
        ([Found("", "1", "n1")], "n1: it has no address"),
        ([Found("t_disk.data", "", "n1")], "n1: no import takes it"),
        ([Found("t_disk.data", "${file(1)}", "n1")], "n1: no import takes it"),
        ([Found('t_disk.data"]}', "1", "n1")], "n1: the stack has no t_disk"),
        ([Found("t_server.main", "srv-2", "n1")], "n1: the state knows another"),
        (
            [Found("t_disk.data", "1", "n1"), Found("t_disk.data", "2", "n2")],
            "n2: there are 2 for the address t_disk.data",
        ),
    ],
)
def test_what_has_no_place_freezes_the_deployment_by_name(
    broken: Break, cloud: Cloud, things: list[Found], why: str
) -> None:
    run = broken([SERVER])
    cloud.things = things
    assert recovery.recover() == 0
    assert why in frozen(run)
    assert not order.claimable().exists()
    assert recovery.recover() == 0
    assert cloud.asked == 1, "it is not asked again before somebody looked"

    cloud.things = []
    perform(ThawDeployment, run.deployment, actor=OPERATOR)
    assert recovery.recover() == 1
    assert order.claimable().get() == run


def test_what_is_about_to_be_deleted_is_known(broken: Break, cloud: Cloud) -> None:
    old = {"attributes": {"id": "srv-0"}, "deposed": "ab12"}
    run = broken([known("t_server", "main", {"attributes": {"id": "srv-1"}}, old)])
    cloud.things = [
        Found("t_server.main", "srv-0", "arn:x:server/srv-0"),
        Found("t_server.main", "", "arn:x:server/srv-1"),
    ]
    assert recovery.recover() == 1
    run.refresh_from_db()
    assert run.imports == []


def test_what_was_to_be_taken_up_is_looked_for_again_when_the_run_ends(
    broken: Break, cloud: Cloud
) -> None:
    run = broken([])
    cloud.things = [Found("t_disk.data", "dsk-1", "n")]
    recovery.recover()
    Run.objects.filter(pk=run.pk).update(state=RunState.WAITING)
    perform(DiscardRun, run, actor=OPERATOR)
    assert not Deployment.objects.get().settled


def test_a_destroy_takes_things_up_by_a_command_before_its_plan(
    broken: Break, cloud: Cloud
) -> None:
    run = broken([SERVER], operation=Operation.DESTROY)
    cloud.things = [Found("t_disk.data", "dsk-1", "n")]
    recovery.recover()
    run.refresh_from_db()
    assert taking.needed(run)
    Run.objects.update(operation=Operation.APPLY)
    run.refresh_from_db()
    assert not taking.needed(run)


def test_another_host_is_given_time_before_anybody_looks(
    broken: Break, cloud: Cloud
) -> None:
    broken([])
    Run.objects.filter(state=RunState.FAILED).update(holder="elsewhere 1 1")
    assert recovery.recover() == 0
    assert cloud.asked == 0
    long_ago = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(state=RunState.FAILED).update(ended_at=long_ago)
    assert recovery.recover() == 1


def test_a_lease_that_ended_while_the_database_was_away_is_not_taken_at_once(
    deployment: Deployment,
) -> None:
    """The grace begins when the reaper first sees it, with the database there."""
    run = perform(
        ClaimRun, queue(deployment), {"holder": "elsewhere 1 1"}, actor=RUNNER
    ).result
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.PLANNING, lease_until=an_hour_ago
    )
    assert reaper.reap() == 0
    run.refresh_from_db()
    assert run.missed_at is not None
    Run.objects.update(missed_at=an_hour_ago)
    assert reaper.reap() == 1
