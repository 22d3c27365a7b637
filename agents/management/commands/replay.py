"""``./paybill replay KIND``: what was decided before is decided again, and compared."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents.replays import registry


class Command(BaseCommand):
    """Exits with 1 when something was not as expected."""

    help = "Play recorded calls again and compare what is decided and what changes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
        for name, kind in sorted(registry.items()):
            kind.add_arguments(kinds.add_parser(name, help=kind.help))

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        if not registry[kind].run(options, self.stdout.write):
            raise SystemExit(1)
