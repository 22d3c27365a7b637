"""``./paybill tools``: what agents could meet in each plane, and under which schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents.tools.catalogue import Tool, tools_of
from paybill_site.kernel.planes import CONTROL
from paybill_site.kernel.schema import TENANT

# The tools of a plane follow from its apps, so one tenant's stand for all.
PLANES = {"control": CONTROL.schema, "tenant": TENANT}
HINTS = {"destructiveHint": "destructive", "openWorldHint": "reaches out"}


class Command(BaseCommand):
    """Needs no database: the tools are derived from code."""

    help = "List the tools of each plane with what they need and their schema's digest."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="whole descriptions")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_described(), indent=2))
            return
        for plane, schema in PLANES.items():
            self.stdout.write(f"{plane}\n")
            for line in _lines(tools_of(schema)):
                self.stdout.write(f"  {line}\n")


def _described() -> dict[str, list[dict[str, Any]]]:
    return {
        plane: [
            {**tool.described(), "permission": tool.permission, "digest": tool.digest()}
            for tool in tools_of(schema).values()
        ]
        for plane, schema in PLANES.items()
    }


def _lines(tools: dict[str, Tool]) -> Iterator[str]:
    width = max(map(len, tools), default=0)
    for name, tool in tools.items():
        hints = [word for hint, word in HINTS.items() if tool.annotations()[hint]]
        kind = "reads" if tool.reads else ", ".join(["acts", *hints])
        yield f"{name:<{width}}  {tool.digest()[:12]}  {tool.permission}  {kind}"
