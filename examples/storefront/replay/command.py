"""``./paybill replay retail --data DIR``: a published benchmark, without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from agents.replays import Say, replay
from examples.storefront.states import SameItem

KINDS = (
    "accepted",
    "refused",
    "rows",
    "reads",
    "repeated",
    "foreign",
    "dry_run",
    "outside",
)


@replay
class Retail:
    """The retail tasks of tau2-bench."""

    name = "retail"
    help = "tasks of a published benchmark on the storefront, rows compared in full"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, required=True, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument(
            "--allow-same-item",
            nargs="?",
            type=SameItem,
            choices=[SameItem.EXCHANGES, SameItem.ALWAYS],
            const=SameItem.EXCHANGES,
            default=SameItem.NEVER,
            help="allow swaps of an item for itself: in exchanges, as the published "
            "tools do (what the bare flag means), or always",
        )
        parser.add_argument(
            "--own-books",
            action="store_true",
            help="write lines and refunds as a shop should; by default as the "
            "published tools do, whose rows are compared",
        )

    def run(self, options: Mapping[str, Any], say: Say) -> bool:
        # Not before somebody plays: it needs every app's verbs.
        retail = import_module("examples.storefront.replay.retail")
        report: dict[str, Any] = retail.play(options)
        say(json.dumps(report, indent=2) if options["json"] else _words(report))
        return not report["failures"]


def _words(report: Mapping[str, Any]) -> str:
    lines = [f"{report['passed']} of {report['tasks']} tasks are as expected."]
    for kind in KINDS:
        counted = report[kind]
        name = kind.replace("_", " ")
        lines.append(
            f"  {name:10} {counted['as_expected']:6} of {counted['looked_at']}"
        )
    for one in report["failures"]:
        lines.append(
            f"task {one['task']} {one['call']} {one['kind']}: "
            f"expected {one['expected']}, got {one['got']}"
        )
    lines.append(f"{report['seconds']} s")
    return "\n".join(lines)
