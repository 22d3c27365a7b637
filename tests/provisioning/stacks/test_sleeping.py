"""Asleep: what stands is made small and large again, and what holds data stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.models import CloudAccount
from tests.provisioning.stacks.conftest import Lay
from tests.provisioning.stacks.inputs import SIMULATED
from tests.provisioning.stacks.laying import Laid
from tests.provisioning.stacks.test_aws import account, lay_out
from tests.provisioning.stacks.test_lifecycle import DATABASES, managed

__all__ = ["account"]  # a fixture

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

# What database and service are sized by on AWS, and nothing beside it.
SIZES = {
    ("aws_db_instance", "instance_class"),
    ("aws_db_instance", "multi_az"),
    ("aws_db_instance", "performance_insights_enabled"),
    ("aws_db_instance", "performance_insights_retention_period"),
    ("aws_ecs_service", "desired_count"),
    ("aws_ecs_task_definition", "cpu"),
    ("aws_ecs_task_definition", "memory"),
}
# A service that can not change in place; it holds nothing.
SERVICES = {"oci_container_instances_container_instance"}
HOLDS = ("storage", "disk", "volume", "backup", "retention", "snapshot")


@pytest.mark.parametrize("cloud", SIMULATED)
def test_it_is_made_small_and_large_again_in_place(lay: Lay, cloud: str) -> None:
    laid = lay(f"{cloud}/silo", size="large")
    laid.terraform("init")
    laid.plan()
    laid.apply()
    built = database(laid)

    changes = turned(laid, asleep=True)
    assert changes, "large has something to save"
    for change in changes:
        if change["type"] in SERVICES:
            continue
        assert change["change"]["actions"] == ["update"], "nothing that holds data goes"
        before, after = (change["change"][side] for side in ("before", "after"))
        assert list(parts(before, HOLDS)) == list(parts(after, HOLDS))
    laid.apply()
    assert database(laid) != built

    woken = turned(laid, asleep=False)
    addresses = {change["address"] for change in changes}
    assert {change["address"] for change in woken} == addresses
    laid.apply()
    assert database(laid) == built
    laid.terraform("plan", "-detailed-exitcode")


def turned(laid: Laid, *, asleep: bool) -> list[dict[str, Any]]:
    """What a plan changes when it goes to sleep, or wakes."""
    laid.give(asleep=asleep)
    changes = managed(laid.plan())
    return [one for one in changes if one["change"]["actions"] != ["no-op"]]


def database(laid: Laid) -> dict[str, Any]:
    """The database as the state has it."""
    address = DATABASES[laid.name.split("/", maxsplit=1)[0]]
    (found,) = (one for one in laid.state() if one["address"] == address)
    values: dict[str, Any] = found["values"]
    return values


def parts(value: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """All attributes, however deep, whose name has one of these in it."""
    rows = value.items() if isinstance(value, dict) else ()
    for name, inner in rows:
        if any(word in name for word in names):
            yield name, inner
        yield from parts(inner, names)
    for inner in value if isinstance(value, list) else ():
        yield from parts(inner, names)


def test_on_aws_nothing_but_sizes_differs(
    tmp_path: Path, account: CloudAccount
) -> None:
    """By plans from nothing: to build it there takes minutes."""
    laid = lay_out(tmp_path / "silo", account, "silo", size="large")
    laid.terraform("init")
    awake, asleep = planned(laid), planned(laid, asleep=True)
    assert awake.keys() == asleep.keys()
    differ = {name for name in awake if awake[name] != asleep[name]}
    assert differ <= SIZES, differ - SIZES
    assert ("aws_db_instance", "instance_class") in differ


def planned(laid: Laid, **inputs: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Values that a plan has for each attribute, by type of resource and its name."""
    laid.give(**inputs)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for change in managed(laid.plan()):
        for name, value in change["change"]["after"].items():
            row = found.setdefault((change["type"], name), {})
            row[change["address"]] = value
    return found
