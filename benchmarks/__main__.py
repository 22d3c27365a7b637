"""Runs one bench on embedded services of its own, which are gone afterwards."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import crash, run

NAMES = ("agents", "audit", "invoices", "onboarding", "request", "usage")


def main() -> None:
    """Start services in a new folder, run the bench, print, remove everything."""
    if sys.argv[1:2] == ["crash"]:  # it starts a whole installation, and kills in it
        return crash.main(sys.argv[2:])
    if sys.argv[1:2] == ["run"]:  # the same, and kills nothing
        return run.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="./paybill bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paybill-bench-") as folder:
        os.environ["PAYBILL_LOCAL"] = folder
        os.environ["PAYBILL_LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "paybill_site.settings"
        for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PAYBILL_MODE"):
            os.environ.pop(name, None)
        figures = _run(given.name, Path(folder), quick=given.quick)
    return print(json.dumps(figures, indent=None if given.json else 2))


def _run(name: str, folder: Path, *, quick: bool) -> dict[str, Any]:
    import django  # noqa: PLC0415 - the environment above decides the settings

    django.setup()
    from benchmarks.harness import installation  # noqa: PLC0415 - needs the settings

    bench = importlib.import_module(f"benchmarks.{name}")
    with installation(folder) as facts:
        figures: dict[str, Any] = bench.run(quick=quick)
    return {"bench": name, **facts, **figures}


if __name__ == "__main__":
    main()
