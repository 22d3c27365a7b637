"""``./paybill vectors FILE``: published cases, answered by the functions that bill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.rating.vectors import cases
from billing.rating.vectors.cases import Case, Tally
from billing.vectors import ANSWERS


class Command(BaseCommand):
    help = "Answer a file of cases, and say how many passed of each kind and model."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        tallies = cases.tally(_read(options["file"]), ANSWERS)
        passed = sum(tally.passed for tally in tallies)
        failed = sum(len(tally.failed) for tally in tallies)
        if options["json"]:
            models = [_row(tally) for tally in tallies]
            result = {"passed": passed, "failed": failed, "models": models}
            self.stdout.write(json.dumps(result, indent=2))
        else:
            self._tell(tallies)
            self.stdout.write(f"{passed} passed, {failed} failed")
        if failed or not passed:
            raise SystemExit(1)

    def _tell(self, tallies: list[Tally]) -> None:
        for tally in tallies:
            name = f"{tally.kind} {tally.model}"
            counts = f"{tally.passed:4} passed {len(tally.failed):4} failed"
            self.stdout.write(f"{name:58} {counts}")
            for problem in tally.failed:
                self.stdout.write(f"    {problem}")


def _row(tally: Tally) -> dict[str, Any]:
    return {
        "kind": tally.kind,
        "model": tally.model,
        "passed": tally.passed,
        "failed": len(tally.failed),
        "problems": tally.failed,
    }


def _read(file: Path) -> list[Case]:
    try:
        return cases.read(file)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file}: this is no file of cases: {error}") from error
