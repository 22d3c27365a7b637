"""``./paybill audit_verify``: walk every audit chain of every plane."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paybill_site.kernel import audit, planes


class Command(BaseCommand):
    """Verifies the audit trail; exits with 1 when anything was altered."""

    help = "Check the hash chains of the audit trail in all planes."

    def handle(self, *args: Any, **options: Any) -> None:
        chains = entries = 0
        findings: list[str] = []
        for place in planes.every_place():
            with planes.plane(place):
                verdict = audit.verify()
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
