"""``./paybill bench crash --rounds N --seed S --from K --json``

Each round's figures are appended to a file, so a bench that was ended goes on with
``--from`` where it was; the totals are of all rounds of that seed in the file.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.crashes.world import World, environment

# What is played where.
STAGES = {
    "local": "the stack local/bridge: a database of this machine, by its supervisor",
    "google": "the stack google/bridge on the schema of the provider, whose cloud is"
    " a file",
    "aws": "a light stack of the bench's own (benchmarks/crashes/stacks/aws/bridge) by"
    " the real provider on a simulated AWS; not the stack aws/bridge",
}
NOTE = (
    "Names are there once at most in nearly all of it, here as in the clouds: who makes"
    " a thing again is refused. So doubled can hardly rise; a second making would show"
    " as a round that did not converge, or is stuck."
)


def main(words: Sequence[str]) -> None:
    """Start an installation, play, count, remove everything."""
    given = _given(words)
    kept = given.results or Path(f".local/bench-crash-{given.seed}.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="paybill-crash-"))
    world = World(folder)
    try:
        os.environ.update(environment(folder))
        for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PAYBILL_MODE"):
            os.environ.pop(name, None)
        left = _play(world, given, kept)
    finally:
        world.stop()
        _remove(folder)
    figures = {"bench": "crash", "seed": given.seed, **total(kept, given.seed), **left}
    print(json.dumps(figures, indent=None if given.json else 2))


def _given(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./paybill bench crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="K")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--results", type=Path, help="file that rounds are added to")
    parser.add_argument("--clouds", default="local,google,aws", help="to play on")
    return parser.parse_args(words)


def _play(world: World, given: argparse.Namespace, kept: Path) -> dict[str, Any]:
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from benchmarks.crashes.rounds import Game, drawn  # noqa: PLC0415
    from paybill_site.kernel.planes import CONTROL, plane  # noqa: PLC0415

    clouds = tuple(given.clouds.split(","))
    if world.without_provider:
        clouds = tuple(cloud for cloud in clouds if cloud != "google")
        print(f"without Google: {world.without_provider}", file=sys.stderr)
    with plane(CONTROL):
        game = Game(world, given.seed)
        for number in range(given.first, given.first + given.rounds):
            played = {
                "seed": given.seed,
                **game.play(drawn(number, given.seed, clouds)),
            }
            with kept.open("a") as file:
                file.write(json.dumps(played) + "\n")
            print(json.dumps(played), file=sys.stderr)
        left = list(game.leftovers())
    stayed = [one for one in left if not one["converged"]]
    played_on = {cloud: STAGES[cloud] for cloud in clouds}
    return {
        "played_on": played_on,
        "note": NOTE,
        "taken_away_after": len(left),
        "stayed_after": stayed,
    }


def total(kept: Path, seed: int) -> dict[str, Any]:
    """Counts over the rounds of a seed, each by its last try."""
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    rounds = {one["number"]: one for one in lines if one["seed"] == seed}.values()
    return {
        "rounds": len(rounds),
        **{
            name: sum(bool(one[name]) for one in rounds)
            for name in ("converged", "orphaned", "doubled", "stuck", "missing", "hit")
        },
        "by_hand": sum(len(one["by_hand"]) for one in rounds),
        "seconds": round(sum(one["seconds"] for one in rounds)),
    }


def _remove(folder: Path) -> None:
    from paybill_site.local import services  # noqa: PLC0415
    from paybill_site.local.places import Places  # noqa: PLC0415

    services.destroy(Places(folder))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
