"""Processes, services and the cloud fail in the middle of an apply, one by one.

In each story a tenant's database is built at a simulated cloud, in a whole installation
by ``./paybill up``. Nothing is lost, doubled or stuck, says the cloud's own record.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from benchmarks.crashes.world import World, environment
from paybill_site.local import services
from paybill_site.local.places import Places
from tests.faults.stories import ANYWHERE, GOOGLE, LOCAL, STORIES, THROTTLED

pytestmark = [pytest.mark.slow, pytest.mark.longest]
# One installation for all stories: so they are for one of the parallel processes.
together = pytest.mark.xdist_group("faults")
WELL = {"stuck": False, "missing": [], "doubled": [], "strange": [], "left": []}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A whole installation; its clouds are this machine, and simulated ones."""
    started = World(tmp_path_factory.mktemp("world"))
    yield started
    started.stop()
    services.destroy(Places(started.local))


@together
@pytest.mark.parametrize("story", [*STORIES, THROTTLED])
def test_nothing_is_lost_doubled_or_stuck(world: World, story: str) -> None:
    """The cloud is the schema provider's memory; where it throttles, simulated AWS."""
    if story != THROTTLED and world.without_provider:
        pytest.skip(world.without_provider)
    _goes_well(world, story, GOOGLE)


@together
@pytest.mark.parametrize("story", [story.__name__ for story in ANYWHERE])
def test_nor_is_it_on_this_machine(world: World, story: str) -> None:
    """The same without any plugin, so that nothing here is ever skipped."""
    _goes_well(world, story, LOCAL)


def _goes_well(world: World, story: str, cloud: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.stories", story, cloud, str(world.local)],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=environment(world.local),
        timeout=600,
    )
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{_said(world)}"
    assert json.loads(done.stdout.splitlines()[-1]) == WELL, _said(world)


def _said(world: World) -> str:
    return world.log.read_text("utf-8", "replace")[-3000:]


def test_a_few_rounds_of_the_bench_converge(tmp_path: Path) -> None:
    """Four kills at random moments; ``./paybill bench crash`` plays a hundred."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "crash", "--json"),
            *("--rounds", "4", "--seed", "11", "--clouds", "local,google"),
            *("--results", str(tmp_path / "rounds.jsonl")),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["converged"] == figures["rounds"] == 4, done.stderr[-3000:]
    counted = [figures[name] for name in ("orphaned", "doubled", "stuck")]
    assert counted == [0, 0, 0]
    assert figures["stayed_after"] == []
