"""``./paybill bench run --json``: what a run costs beside bare Terraform, in turn.

1. A stack that does not wait (a bridge on this machine): through Paybill, from the
   committed request to the applied run, and by bare ``init``, ``plan``, ``apply`` with
   the same files and inputs. The difference is what Paybill adds.
2. A Business tenant (a silo) on simulated AWS, where the provider waits: the ratio.
3. One, four and eight runs at once: total time and failures.
Every figure names its phases. Paybill's last phase, filling, has no counterpart in
bare Terraform: totals are given with it and without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.crashes.world import World, environment

MANY = (1, 4, 8)


def main(words: Sequence[str]) -> None:
    """Start an installation, measure, print, remove everything."""
    parser = argparse.ArgumentParser(prog="./paybill bench run", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no silo")
    parser.add_argument("--rounds", type=int, default=10, help="of the bridge")
    parser.add_argument(
        "--parts", default="bridge,silo,many", help="of the bench, to do one alone"
    )
    given = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="paybill-run-"))
    world = World(folder, crashing=False)
    try:
        os.environ.update(environment(folder, crashing=False))
        for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PAYBILL_MODE"):
            os.environ.pop(name, None)
        figures = _figures(given, folder)
    finally:
        world.stop()
        _remove(folder)
    print(json.dumps(figures, indent=None if given.json else 2))


def _figures(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from benchmarks import runs  # noqa: PLC0415
    from paybill_site.kernel.planes import CONTROL, plane  # noqa: PLC0415
    from provisioning import terraform  # noqa: PLC0415

    parts = set(given.parts.split(",")) - ({"silo"} if given.quick else set())
    rounds, many = (2, MANY[:2]) if given.quick else (given.rounds, MANY)
    measured: dict[str, Any] = {}
    with plane(CONTROL):
        if "bridge" in parts:
            pairs = [runs.pair("local", "bridge", folder) for _ in range(rounds)]
            measured["bridge_on_this_machine"] = _compared(pairs)
        if "silo" in parts:
            pairs = [runs.pair("aws", "silo", folder)]
            measured["silo_on_simulated_aws"] = _compared(pairs)
        if "many" in parts:
            measured["at_once"] = {str(n): runs.at_once(n) for n in many}
    return {
        "bench": "run",
        "terraform": terraform.version(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **measured,
    }


def _compared(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of all rounds; the overhead is the difference of the medians."""
    ours, bare = ([pair[name] for pair in pairs] for name in ("paybill", "bare"))
    whole, filling = _median(ours, "seconds"), _median(ours, "filling_seconds")
    theirs = _median(bare, "seconds")
    return {
        "rounds": len(pairs),
        "paybill_seconds": whole,
        "paybill_without_filling_seconds": round(whole - filling, 2),
        "bare_seconds": theirs,
        "overhead_seconds": round(whole - theirs, 2),
        "overhead_without_filling_seconds": round(whole - filling - theirs, 2),
        "ratio": round(whole / theirs, 3),
        "ratio_without_filling": round((whole - filling) / theirs, 3),
        "paybill_phases": _phases(ours),
        "bare_phases": _phases(bare),
        "paybill_peak_mb": max(one["peak_mb"] for one in ours),
        "bare_peak_mb": max(one["peak_mb"] for one in bare),
        "failures": sum(one["failed"] for one in [*ours, *bare]),
    }


def _median(rows: list[dict[str, Any]], name: str) -> float:
    return round(statistics.median(float(row[name]) for row in rows), 2)


def _phases(rows: list[dict[str, Any]]) -> dict[str, float]:
    return {
        name: round(statistics.median(row["phases"][name] for row in rows), 2)
        for name in rows[0]["phases"]
    }


def _remove(folder: Path) -> None:
    from paybill_site.local import services  # noqa: PLC0415
    from paybill_site.local.places import Places  # noqa: PLC0415

    services.destroy(Places(folder))
    shutil.rmtree(folder, ignore_errors=True)
