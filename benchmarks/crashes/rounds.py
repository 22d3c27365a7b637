"""The rounds: one operation, one kill at a random moment, and what became of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.crashes import record, scene, simulated
from benchmarks.crashes.scene import Keeper
from benchmarks.crashes.world import VICTIMS, World, strike, wait
from provisioning.models import Deployment, Run
from provisioning.states import Operation, RunState

LIMIT = 150.0  # seconds after the kill in which everything has to be well again
# Seconds in which Terraform applies here, and in which the moment lies.
SPANS = {
    ("local", "apply"): 1.5,
    ("local", "destroy"): 1.0,
    ("google", "apply"): 3.5,
    ("google", "destroy"): 1.0,
    ("aws", "apply"): 6.0,
    ("aws", "destroy"): 4.0,
}


@dataclass(frozen=True, slots=True)
class Round:
    """What happens in a round; all of it follows from the seed and its number."""

    number: int
    cloud: str
    operation: str
    victim: str
    moment: float


def drawn(number: int, seed: int, clouds: tuple[str, ...]) -> Round:
    """One of ten rounds is on moto; the others are local and the schema provider's.

    What one round built the next one of that cloud destroys, so that half of the kills
    are in either.
    """
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a bench, not a secret
    ordinary = [cloud for cloud in clouds if cloud != "aws"]
    on_aws = "aws" in clouds and (number % 10 == 9 or not ordinary)
    cloud = "aws" if on_aws else ordinary[number % len(ordinary)]
    every = 1 if not ordinary else 10 if on_aws else len(ordinary)
    operation = ("apply", "destroy")[number // every % 2]
    moment = round(chance.uniform(0, SPANS[cloud, operation]), 2)
    return Round(number, cloud, operation, chance.choice(VICTIMS), moment)


class Game:
    """Plays rounds in a world; what an apply left standing is for a later destroy."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed = world, seed
        self.standing: dict[str, list[Deployment]] = {}
        simulated.set_weather(delay=0.8)

    def play(self, this: Round) -> dict[str, Any]:
        """One round; its figures."""
        began = time.monotonic()
        deployment, keeper = self._subject(this)
        chance = random.Random(f"{self.seed}:{this.number}:kill")  # noqa: S311
        run = scene.queue(deployment, Operation(this.operation))
        hit = self._strike(run, keeper, this, chance)
        stands = this.operation == "apply"
        in_time = settles(keeper, gone=not stands)
        seen = record.of(deployment, stands=stands, local=self.world.local)
        if stands and in_time:
            self.standing.setdefault(this.cloud, []).append(deployment)
        return {
            **asdict(this),
            "deployment": deployment.public_id,
            "hit": hit,
            "seconds": round(time.monotonic() - began, 1),
            "by_hand": [said[:300] for said in keeper.by_hand],
            "runs": deployment.runs.count(),
            **_judged(seen, in_time=in_time),
            **({} if in_time else {"why": _why(deployment)}),
        }

    def _subject(self, this: Round) -> tuple[Deployment, Keeper]:
        if this.operation == "apply":
            made = scene.deploy(this.cloud)
            return made, Keeper(made)
        left = self.standing.get(this.cloud)
        deployment = left.pop(0) if left else self._built(this.cloud)
        keeper = Keeper(deployment)
        scene.close(deployment)
        if deployment.cloud != "local":
            deployment.refresh_from_db()
            scene.queue(deployment, Operation.UNPROTECT)
            settles(keeper)
        return deployment, keeper

    def _built(self, cloud: str) -> Deployment:
        made = scene.deploy(cloud)
        scene.queue(made, Operation.APPLY)
        if not settles(Keeper(made)):
            raise TimeoutError(f"{made} was not built: {_why(made)}")
        return made

    def _strike(
        self, run: Run, keeper: Keeper, this: Round, chance: random.Random
    ) -> bool:
        """Wait for the moment and kill; what is only just coming is waited for."""

        wait(applying(run, keeper), "the apply", LIMIT, 0.05)
        time.sleep(this.moment)
        until = time.monotonic() + 2
        while not strike(self.world, run, this.victim, chance):
            run.refresh_from_db()
            if run.state != RunState.APPLYING or time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def leftovers(self) -> Iterator[dict[str, Any]]:
        """Take away what stands, without a kill: what does not go was an orphan."""
        for cloud, left in self.standing.items():
            for deployment in left:
                keeper = Keeper(deployment)
                scene.close(deployment)
                if cloud != "local":
                    scene.queue(deployment, Operation.UNPROTECT)
                    settles(keeper)
                scene.queue(deployment, Operation.DESTROY)
                in_time = settles(keeper, gone=True)
                seen = record.of(deployment, stands=False, local=self.world.local)
                yield {
                    "deployment": deployment.public_id,
                    **_judged(seen, in_time=in_time),
                }


def applying(run: Run, keeper: Keeper) -> Callable[[], bool]:
    """A look whether the apply of a run has begun, or is over already."""

    def look() -> bool:
        keeper.turn()
        run.refresh_from_db()
        return run.state == RunState.APPLYING or run.is_final

    return look


def settles(keeper: Keeper, *, gone: bool = False) -> bool:
    """Wait until nothing is under way any more; False when that takes too long."""
    try:
        wait(keeper.gone if gone else keeper.is_over, "the end", LIMIT, 0.3)
    except TimeoutError:
        return False
    return True


def _judged(seen: record.Record, *, in_time: bool) -> dict[str, Any]:
    return {
        "converged": in_time and not (seen.missing or seen.doubled or seen.strange),
        "orphaned": seen.strange,
        "doubled": seen.doubled,
        "missing": seen.missing,
        "stuck": not in_time,
    }


def _why(deployment: Deployment) -> str:
    deployment.refresh_from_db()
    last = deployment.runs.order_by("-id").first()
    said = f"{last.operation} {last.state}: {last.explanation[:400]}" if last else ""
    return f"{deployment.state}; {said}; {deployment.frozen[:300]}"
