"""``./paybill billing_check``: do ledger, invoices, payments and credits agree?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.actions import CheckBooks
from billing.actions.credits import BOOKKEEPER
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import CONTROL, plane


class Command(BaseCommand):
    help = "Compare the books and compute invoices again; says what does not agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--everything", action="store_true", help="compute every invoice again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {"everything": options["everything"]}
        with plane(CONTROL):
            found = perform(CheckBooks, None, asked, actor=BOOKKEEPER).result
        for each in found.differences:
            self.stdout.write(f"{each['where']}: {each['check']}{_amounts(each)}")
        if found.differences:
            raise CommandError(f"{len(found.differences)} differences")
        self.stdout.write(
            f"All agrees: {found.entries} entries, {found.invoices} invoices computed."
        )


def _amounts(found: dict[str, Any]) -> str:
    return f": {found['is']} instead of {found['should']}" if "is" in found else ""
