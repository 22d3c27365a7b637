"""``./paybill plans``: the whole catalogue as one file that people review.

``export > FILE`` writes it; ``import FILE`` shows what the file would change, and
``--apply`` makes it so: all of it in one action, or nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.actions import ImportCatalogue
from billing.catalogue import differences, document, writing
from billing.catalogue.errors import CatalogueInvalid
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import CONTROL, plane

CONSOLE = actors.system("plans", "billing.import_plans", "billing.view_plan")


class Command(BaseCommand):
    help = (
        "export: write the catalogue as YAML."
        " import FILE: show what it would change; --apply: make it so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("export")
        loading = what.add_parser("import")
        loading.add_argument("file", type=Path, metavar="FILE")
        loading.add_argument("--apply", action="store_true", help="change it")

    def handle(self, *args: Any, **options: Any) -> None:
        with plane(CONTROL):
            if options["what"] == "export":
                self.stdout.write(writing.written(), ending="")
                return
            self._load(options["file"], apply=options["apply"])

    def _load(self, file: Path, *, apply: bool) -> None:
        text = _read(file)
        try:
            seen, found = differences.digest(), differences.between(document.read(text))
            for line in (line for each in found for line in each.told()):
                self.stdout.write(line)
            if not found:
                self.stdout.write("The catalogue is as the file says.")
            elif apply:
                perform(ImportCatalogue, None, _asked(text, seen), actor=CONSOLE)
                self.stdout.write(f"{len(found)} plans changed.")
            else:
                self.stdout.write("Nothing is changed yet; --apply changes it.")
        except CatalogueInvalid as mistakes:
            raise CommandError("\n".join(_told(file, mistakes))) from mistakes
        except PaybillError as refusal:
            raise CommandError(f"{file}: {refusal.detail}") from refusal


def _asked(text: str, seen: str) -> dict[str, str]:
    return {"text": text, "seen": seen}


def _told(file: Path, mistakes: CatalogueInvalid) -> list[str]:
    """``plans.yaml:12:9: plans.1.prices.0: say either a card or phases``."""
    return [
        document.Mistake(**each).told(str(file)) for each in mistakes.members["errors"]
    ]


def _read(file: Path) -> str:
    try:
        with file.open("rb") as source:
            return source.read(document.LONGEST + 1).decode()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: this is no text in UTF-8") from error
