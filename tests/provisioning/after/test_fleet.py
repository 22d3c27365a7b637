"""A fleet is moved wave by wave; failures pause it, windows are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, Invalid
from provisioning.actions import (
    AbortRollout,
    PauseRollout,
    ResumeRollout,
    SetWindow,
    StartRollout,
)
from provisioning.fleet import driving, waves
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.models import Deployment, Rollout, Run, StackVersion
from provisioning.states import ACTIVE, DeploymentState, Phase, RunState
from tests.provisioning.conftest import Entitle, queue

SUNDAY = datetime(2026, 6, 7, 1, 0, tzinfo=UTC)


@given(some.integers(0, 500), some.integers(0, 50), some.integers(1, 100))
def test_waves_take_everybody_once(count: int, canary: int, percent: int) -> None:
    sizes = waves.sizes(count, canary, percent)
    assert sum(sizes) == count
    assert all(size > 0 for size in sizes)
    assert len(sizes) <= 3
    things = list(range(count))
    assert [one for group in waves.cut(things, sizes) for one in group] == things


@pytest.fixture
def fleet(entitle: Entitle) -> list[Deployment]:
    """Five bridges that stand on the stack's first version."""
    found = [entitle("bridge", f"acme-{number}") for number in range(5)]
    for deployment in found:
        run = queue(deployment)
        end(run, RunState.APPLIED)
        Deployment.objects.filter(pk=deployment.pk).update(state=DeploymentState.READY)
    return found


@pytest.fixture
def newer(fleet: list[Deployment]) -> StackVersion:
    first = StackVersion.objects.get(name="local/bridge")
    files = {**first.files, "more.tf": "# more\n"}
    return StackVersion.objects.create(
        name=first.name, digest="f" * 64, files=files, providers={}
    )


def end(run: Run, state: RunState, *, applied: bool | None = None) -> None:
    """What a runner and Terraform would have done with a run."""
    began = timezone.now() if applied or state == RunState.APPLIED else None
    run.phases.filter(name=Phase.APPLY).update(started_at=began)
    Run.objects.filter(pk=run.pk).update(state=state, explanation="it was so")


def start(target: StackVersion, operator: Actor, **asked: Any) -> Rollout:
    wanted = {"canary": 1, "percent": 50, **asked}
    rollout: Rollout = perform(StartRollout, target, wanted, actor=operator).result
    return rollout


def go_on(rollout: Rollout, now: datetime = SUNDAY) -> list[str]:
    """The states of the items after the next step, in their order."""
    driving.go_on(rollout.public_id, now)
    rollout.refresh_from_db()
    return [item.state for item in rollout.items.all()]


def active() -> list[Run]:
    return list(Run.objects.filter(state__in=ACTIVE).order_by("id"))


def test_the_canary_goes_first_then_a_part_then_all(
    newer: StackVersion, operator: Actor
) -> None:
    rollout = start(newer, operator)
    assert rollout.waves == [1, 2, 2]
    assert go_on(rollout) == ["running", *["waiting"] * 4]
    assert go_on(rollout) == ["running", *["waiting"] * 4]  # said twice, done once
    (canary,) = active()
    assert canary.stack_version == newer
    assert canary.deployment.stack_version == newer

    end(canary, RunState.APPLIED)
    assert go_on(rollout) == ["done", "running", "running", "waiting", "waiting"]
    for run in active():
        end(run, RunState.APPLIED)
    assert go_on(rollout) == ["done", "done", "done", "running", "running"]
    for run in active():
        end(run, RunState.APPLIED)
    go_on(rollout)
    assert rollout.state == RolloutState.DONE
    assert rollout.ended_at
    assert not Deployment.objects.exclude(stack_version=newer).exists()
    with pytest.raises(Invalid, match="no deployment"):
        start(newer, operator)


def test_failures_over_the_budget_pause_it_and_nothing_new_begins(
    newer: StackVersion, operator: Actor
) -> None:
    rollout = start(newer, operator, budget=1, percent=100, at_once=4)
    go_on(rollout)
    end(active()[0], RunState.FAILED)  # before its apply: within the budget
    assert go_on(rollout) == ["failed", *["running"] * 4]
    failed = rollout.items.first()
    assert failed is not None
    assert failed.before is not None
    assert failed.deployment.stack_version == failed.before

    end(active()[0], RunState.ERRORED, applied=True)
    go_on(rollout)
    assert rollout.state == RolloutState.PAUSED
    assert rollout.explanation == "2 failed, and 1 may"
    half = rollout.items.filter(state=ItemState.FAILED).last()
    assert half is not None
    assert half.deployment.stack_version == newer  # its apply had begun

    for run in active():
        end(run, RunState.APPLIED)
    go_on(rollout)  # what was queued is settled, nothing begins
    assert active() == []
    assert rollout.items.filter(state=ItemState.DONE).count() == 3

    perform(ResumeRollout, rollout, {"again": True}, actor=operator)
    go_on(rollout)
    assert [run.trigger.partition(":")[2] for run in active()] == ["2"]
    for _ in range(3):
        for run in active():
            end(run, RunState.APPLIED)
        go_on(rollout)
    assert rollout.state == RolloutState.DONE


def test_a_retry_of_the_same_run_is_followed(
    newer: StackVersion, operator: Actor
) -> None:
    rollout = start(newer, operator)
    go_on(rollout)
    (run,) = active()
    end(run, RunState.ERRORED, applied=True)
    again = Run.objects.get(pk=run.pk)
    again.pk, again.public_id, again.state = None, "run_" + "1" * 26, "pending"
    again.trigger, again.attempt = f"retry:{run.public_id}", 2
    again.save()
    assert go_on(rollout)[0] == "running"
    end(again, RunState.APPLIED)
    assert go_on(rollout)[0] == "done"


def test_who_was_left_behind_stays_there(newer: StackVersion, operator: Actor) -> None:
    rollout = start(newer, operator, canary=5, at_once=5)
    go_on(rollout)
    end(active()[0], RunState.CANCELED)
    for run in active():
        end(run, RunState.APPLIED)
    go_on(rollout)
    assert rollout.state == RolloutState.PAUSED
    perform(ResumeRollout, rollout, {"again": False}, actor=operator)
    go_on(rollout)
    assert rollout.state == RolloutState.DONE
    assert Deployment.objects.exclude(stack_version=newer).count() == 1


def test_a_deployment_waits_for_its_window(
    fleet: list[Deployment], newer: StackVersion, operator: Actor
) -> None:
    asked = {"days": ["sun"], "begins": "04:00", "ends": "06:00", "zone": "UTC"}
    perform(SetWindow, fleet[0], asked, actor=operator)
    rollout = start(newer, operator, canary=2)
    assert go_on(rollout, SUNDAY) == ["waiting", "running", *["waiting"] * 3]
    end(active()[0], RunState.APPLIED)
    assert go_on(rollout, SUNDAY)[0] == "waiting"  # the wave waits with it
    assert active() == []
    later = SUNDAY.replace(hour=5)
    assert go_on(rollout, later)[0] == "running"


def test_a_window_takes_the_customers_time_zone(
    fleet: list[Deployment], operator: Actor
) -> None:
    account = fleet[0].tenant.account
    account.time_zone = "Europe/Berlin"
    account.save()
    perform(SetWindow, fleet[0], {"days": ["sun", "sat"]}, actor=operator)
    fleet[0].refresh_from_db()
    assert fleet[0].window == {
        "days": ["sat", "sun"],
        "from": "22:00",
        "to": "04:00",
        "zone": "Europe/Berlin",
    }
    with pytest.raises(Invalid, match="time zone"):
        perform(SetWindow, fleet[0], {"zone": "Mars/Base"}, actor=operator)
    perform(SetWindow, fleet[0], {}, actor=operator)
    fleet[0].refresh_from_db()
    assert fleet[0].window == {}


def test_one_that_is_worked_on_gets_its_turn_later(
    fleet: list[Deployment], newer: StackVersion, operator: Actor
) -> None:
    rollout = start(newer, operator, canary=5)
    run = queue(fleet[1])
    assert go_on(rollout)[1] == "waiting"
    end(run, RunState.APPLIED)
    for other in active():
        end(other, RunState.APPLIED)
    assert go_on(rollout)[1] == "running"


def test_it_is_paused_and_aborted(newer: StackVersion, operator: Actor) -> None:
    rollout = start(newer, operator)
    perform(PauseRollout, rollout, actor=operator)
    assert go_on(rollout) == ["waiting"] * 5
    perform(ResumeRollout, rollout, actor=operator)
    go_on(rollout)
    perform(AbortRollout, rollout, actor=operator, reason="a mistake")
    (run,) = active()
    end(run, RunState.APPLIED)
    driving.go_on(rollout.public_id)
    assert [item.state for item in rollout.items.all()] == ["done", *["skipped"] * 4]
    with pytest.raises(IllegalMove):
        perform(ResumeRollout, rollout, actor=operator)


def test_a_rehearsal_shows_who_is_in_which_wave(
    fleet: list[Deployment], newer: StackVersion, operator: Actor
) -> None:
    shown = rehearse(StartRollout, newer, {"canary": 2}, actor=operator)
    sizes = [len(wave) for wave in shown.output["waves"]]
    assert sizes == [2, 1, 2]
    assert shown.output["waves"][0] == [d.public_id for d in fleet[:2]]
    assert not Rollout.objects.exists()


def test_only_one_rollout_to_a_version_at_a_time(
    newer: StackVersion, operator: Actor, owner: Actor
) -> None:
    start(newer, operator)
    with pytest.raises(Exception, match="again"):
        start(newer, operator)
    with pytest.raises(Exception, match="no such"):
        start(newer, owner)
