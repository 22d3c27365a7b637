"""What goes wrong while a tenant's infrastructure is built, one story each.

Run in a process of its own with the settings of the installation that it happens in:

    python -m tests.faults.stories NAME CLOUD FOLDER

Each is told in a whole installation by ``./paybill up``, whose parts restart by
themselves. At the end the cloud's own record says what exists; printed as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.crashes.world import Installation, environment, strike, wait
from tests.faults.throttling import refusing


class Told(NamedTuple):
    """The parts of a story."""

    world: Installation
    run: Any
    keeper: Any


def redis_wiped(told: Told) -> None:
    """Every message and every cached word is lost."""
    from django.conf import settings  # noqa: PLC0415
    from redis import Redis  # noqa: PLC0415

    Redis.from_url(settings.REDIS_URL).flushall()


def redis_killed(told: Told) -> None:
    told.world.kill("redis")


def worker_killed(told: Told) -> None:
    told.world.kill("runner")


def runner_killed(told: Told) -> None:
    _strike(told, "runner")


def terraform_killed(told: Told) -> None:
    _strike(told, "terraform")


def provider_killed(told: Told) -> None:
    _strike(told, "provider")


def web_killed(told: Told) -> None:
    """Terraform finds no state backend for a while, and asks again."""
    told.world.kill("web")


def postgres_restarted(told: Told) -> None:
    """A fast shutdown: every connection is cut, and for a moment there is no server."""
    os.kill(told.world.pid_of("postgres"), signal.SIGINT)


def everything_killed(told: Told) -> None:
    """Worker, runner, Terraform and plugin at once."""
    for victim in ("worker", "runner", "terraform", "provider"):
        strike(told.world, told.run, victim, random.Random(1))  # noqa: S311


def cloud_refuses(told: Told) -> None:
    """One kind of thing can not be made; later it can, and somebody tries again."""
    from benchmarks.crashes import simulated  # noqa: PLC0415

    def failed() -> bool:
        told.run.refresh_from_db()
        return bool(told.run.is_final)

    wait(failed, "the refusal", 60)
    assert told.run.state == "failed", told.run.state
    assert "Simulated failure" in told.run.explanation, told.run.explanation
    simulated.set_weather(delay=1)


def cloud_away(told: Told) -> None:
    """Terraform is killed, and nobody says what exists: nothing is planned."""
    from benchmarks.crashes import simulated  # noqa: PLC0415

    simulated.set_weather(delay=1, away=True)
    _strike(told, "terraform")

    def waits() -> bool:
        told.keeper.turn()
        told.keeper.deployment.refresh_from_db()
        last = told.keeper.deployment.runs.order_by("-id").first()
        return bool(last.pk != told.run.pk and last.state == "pending")

    wait(waits, "the next run", 60)
    for _ in range(5):
        told.keeper.turn()
        assert waits(), "it was planned although nobody knows what exists"
    assert not told.keeper.deployment.settled, "nobody can have said what exists"
    simulated.set_weather(delay=1)


# What the weather is before the story begins.
WEATHER: dict[str, dict[str, Any]] = {
    "cloud_refuses": {"delay": 1, "fail": "^create google_secret_manager_secret\\."},
}
STORIES: dict[str, Callable[[Told], None]] = {
    story.__name__: story
    for story in (
        redis_wiped,
        redis_killed,
        worker_killed,
        runner_killed,
        terraform_killed,
        provider_killed,
        web_killed,
        postgres_restarted,
        everything_killed,
        cloud_refuses,
        cloud_away,
    )
}


# What needs neither a plugin nor a cloud whose weather can be made.
ANYWHERE = (
    redis_wiped,
    redis_killed,
    worker_killed,
    runner_killed,
    terraform_killed,
    web_killed,
    postgres_restarted,
)
LOCAL, GOOGLE = "local", "google"
THROTTLED = "cloud_throttles"


def _strike(told: Told, victim: str) -> None:
    def hit() -> bool:
        return strike(told.world, told.run, victim, random.Random(1))  # noqa: S311

    wait(hit, f"the {victim}", 10, 0.02)


def tell(name: str, cloud: str, folder: Path) -> dict[str, Any]:
    """Build, let it happen in the middle of the apply, look; then take all away."""
    from benchmarks.crashes import scene, simulated  # noqa: PLC0415

    if name == THROTTLED:
        return _throttled(folder)
    if cloud == GOOGLE:
        simulated.set_weather(**WEATHER.get(name, {"delay": 1}))
    deployment = scene.deploy(cloud)

    def happens(run: Any, keeper: Any) -> None:
        if cloud == GOOGLE:
            wait(simulated.objects, "the first thing in the cloud", 60, 0.05)
        STORIES[name](Told(Installation(folder), run, keeper))

    return _lived(deployment, folder, happens)


def _throttled(folder: Path) -> dict[str, Any]:
    """All that is asked of simulated AWS goes through what refuses a third of it."""
    from benchmarks.crashes import light, scene  # noqa: PLC0415

    deployment = scene.deploy("aws")
    account = light.account(folder)
    with refusing(account.endpoint) as (address, counted):
        account.endpoint = address
        account.save(update_fields=["endpoint"])
        told = _lived(deployment, folder, lambda run, keeper: None)
    assert counted["throttled"] > 5, counted
    assert counted["broken"] > 5, counted
    return told


def _lived(
    deployment: Any, folder: Path, happens: Callable[[Any, Any], None]
) -> dict[str, Any]:
    """From nothing to nothing, and what the cloud's record said on the way."""
    from benchmarks.crashes import record, scene  # noqa: PLC0415
    from benchmarks.crashes.rounds import applying, settles  # noqa: PLC0415
    from provisioning.states import Operation  # noqa: PLC0415

    keeper = scene.Keeper(deployment)
    run = scene.queue(deployment, Operation.APPLY)
    wait(applying(run, keeper), "the apply", 120, 0.05)
    happens(run, keeper)
    stands_in_time = settles(keeper)
    built = record.of(deployment, stands=True, local=folder)
    scene.close(deployment)
    for operation in (Operation.UNPROTECT, Operation.DESTROY):
        scene.queue(deployment, operation)
        gone_in_time = settles(keeper, gone=operation == Operation.DESTROY)
    left = record.of(deployment, stands=False, local=folder)
    return {
        "stuck": not (stands_in_time and gone_in_time),
        "missing": built.missing,
        "doubled": built.doubled,
        "strange": built.strange,
        "left": left.strange,
    }


def main() -> None:
    name, cloud, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    os.environ.update(environment(folder))
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from paybill_site.kernel.planes import CONTROL, plane  # noqa: PLC0415

    with plane(CONTROL):
        print(json.dumps(tell(name, cloud, folder)))  # noqa: T201 - whoever asked reads it


if __name__ == "__main__":
    main()
