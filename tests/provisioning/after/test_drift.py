"""What a look found, line by line, and when the next look is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from paybill_site.kernel.actions import perform
from provisioning import drift, looking
from provisioning.errors import NotEntitled
from provisioning.models import Deployment, Run
from provisioning.states import DeploymentState, Operation, RunState
from tests.provisioning.conftest import Entitle, queue

NOW = datetime(2026, 6, 7, 12, 0, tzinfo=UTC)


def row(before: Any, after: Any, actions: list[str] | None = None) -> dict[str, Any]:
    return {
        "address": "a.b",
        "type": "a",
        "actions": actions or ["update"],
        "before": before,
        "after": after,
    }


def test_each_attribute_that_differs_has_a_line() -> None:
    found = list(drift.lines(row({"x": 1, "y": [1], "z": 0}, {"x": 2, "y": [1]})))
    assert [(line["attribute"], line["was"], line["is"]) for line in found] == [
        ("x", "1", "2"),
        ("z", "0", "null"),
    ]


def test_a_deletion_outside_is_drift_too() -> None:
    nothing: list[Any] = [None, {}]  # masked, it may come as an empty map
    for after in nothing:
        (line,) = drift.lines(row({"x": 1, "y": 2}, after, ["delete"]))
        assert (line["was"], line["is"]) == ("exists", "deleted outside")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"x": None}, {"x": []}),
        ({"x": ""}, {"x": None}),
        ({"x": {}}, {}),
        ({"x": {"y": None, "z": 1}}, {"x": {"y": [], "z": 1}}),
        ({"latest_restorable_time": "1"}, {"latest_restorable_time": "2"}),
    ],
)
def test_what_says_nothing_in_two_ways_is_no_drift(before: Any, after: Any) -> None:
    assert list(drift.lines(row(before, after))) == []


@pytest.mark.parametrize("value", [0, False, [None], [1]])
def test_what_says_something_is(value: Any) -> None:
    assert list(drift.lines(row({"x": None}, {"x": value})))


def test_a_long_value_is_cut() -> None:
    (line,) = drift.lines(row({"x": "a" * 9000}, {"x": "b"}))
    assert len(line["was"]) < 400


def test_since_when_is_kept_from_look_to_look(deployment: Deployment) -> None:
    drift.note(deployment, [row({"x": 1}, {"x": 2})])
    deployment.drift["lines"][0]["since"] = "2026-01-01T00:00:00+00:00"
    drift.note(deployment, [row({"x": 1, "y": 1}, {"x": 3, "y": 2})])
    first, second = deployment.drift["lines"]
    assert first["since"] == "2026-01-01T00:00:00+00:00"
    assert first["is"] == "3"
    assert second["since"] > first["since"]
    drift.note(deployment, [])
    assert deployment.drift == {}
    assert deployment.drift_seen_at is not None


def test_only_so_many_lines_are_kept(deployment: Deployment) -> None:
    many = {f"x{number}": number for number in range(900)}
    drift.note(deployment, [row(many, dict.fromkeys(many, -1))])
    assert len(deployment.drift["lines"]) == drift.MOST_LINES
    assert deployment.drift["more"] == 900 - drift.MOST_LINES


@pytest.fixture
def standing(deployment: Deployment) -> Deployment:
    run = queue(deployment)
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLIED)
    long_ago = timezone.now() - timedelta(days=9)
    Deployment.objects.update(state=DeploymentState.READY, created_at=long_ago)
    return Deployment.objects.get()


def test_a_deployment_is_looked_at_once_a_day(standing: Deployment) -> None:
    assert looking.look_around() == 1
    look = Run.objects.get(operation=Operation.REFRESH)
    assert look.trigger.startswith(f"look:{standing.public_id}:")
    assert looking.look_around() == 0
    Run.objects.filter(pk=look.pk).update(state=RunState.FAILED)
    assert looking.look_around() == 0  # not again and again: tomorrow


def test_a_run_ends_the_look(standing: Deployment) -> None:
    looking.look_around()
    run = queue(standing)
    assert Run.objects.get(operation=Operation.REFRESH).state == RunState.CANCELED
    assert run.state == RunState.PENDING
    assert looking.look_around() == 0


def test_one_that_is_refused_keeps_no_other_from_its_turn(
    standing: Deployment, entitle: Entitle, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = entitle(slug="bolt")
    long_ago = timezone.now() - timedelta(days=9)
    Deployment.objects.update(state=DeploymentState.READY, created_at=long_ago)

    def refusing(action: Any, target: Any, *words: Any, **named: Any) -> Any:
        if target == standing.public_id:
            raise NotEntitled
        return perform(action, target, *words, **named)

    monkeypatch.setattr(looking, "perform", refusing)
    monkeypatch.setattr(looking, "TRIED", 1)
    while not looking.look_around():
        pass  # the lot fell on the one that is refused
    assert Run.objects.get(operation=Operation.REFRESH).deployment == other


def test_finding_what_is_due_asks_twice_however_many_there_are(
    standing: Deployment, entitle: Entitle, django_assert_num_queries: Any
) -> None:
    entitle(slug="bolt"), entitle(slug="crag")
    long_ago = timezone.now() - timedelta(days=9)
    Deployment.objects.update(state=DeploymentState.READY, created_at=long_ago)
    with django_assert_num_queries(2):
        assert len(drift.due(timezone.now())) == 3


@pytest.mark.parametrize("state", ["empty", "building", "broken", "gone"])
def test_only_what_stands_is_looked_at(standing: Deployment, state: str) -> None:
    Deployment.objects.update(state=state)
    assert drift.due(timezone.now()) == []


def test_looks_are_spread_over_the_day(control: object) -> None:
    slots = [drift._slot(f"dep_{number:026d}", NOW) for number in range(400)]
    assert all(NOW - timedelta(days=1) < slot <= NOW for slot in slots)
    hours = {slot.hour for slot in slots}
    assert len(hours) == 24
    fullest = max(sum(slot.hour == hour for slot in slots) for hour in hours)
    assert fullest < 40  # 17 in the mean
