"""``./paybill audit_verify``: walk every audit chain of every plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paybill_site.kernel import checkpoints, planes
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.verifying import verify


class Command(BaseCommand):
    """Verifies the audit trail; exits with 1 when anything was altered."""

    help = "Check the hash chains of the audit trail in all planes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoints",
            type=Path,
            metavar="FILE",
            help="checkpoints kept elsewhere (audit_checkpoints writes them)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outside = _read(options["checkpoints"])
        chains = entries = 0
        findings: list[str] = []
        for place in planes.every_place():
            with planes.plane(place):
                verdict = verify(outside)
            chains += verdict.chains
            entries += verdict.entries
            findings += [
                f"{place} {f.chain} #{f.seq}: {f.problem}" for f in verdict.findings
            ]
        for line in findings:
            self.stderr.write(self.style.ERROR(line))
        if findings:
            raise CommandError(f"{len(findings)} findings in {entries} entries")
        self.stdout.write(f"{entries} entries in {chains} chains: all verified")


def _read(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    try:
        with path.open(encoding="utf-8") as lines:
            return checkpoints.read(lines)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} can not be read") from error
    except Invalid as error:
        raise CommandError(f"{path}: {error.detail}") from error
