"""``./paybill policies``: operators' own policies, kept as files and loaded from them.

A policy is ``NAME.rego`` with its tests in ``NAME.cases.json`` beside it. Loading runs
the same actions as the administration and the API: it is refused unless it passes its
own cases, and asks about no plan before it is enabled.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import CONTROL, plane
from provisioning.actions import AddPolicy, ChangePolicy, EnablePolicy
from provisioning.models import RegoPolicy
from provisioning.system import CONSOLE

LONGEST = 1 << 20  # bytes of a file; actions bound what is in it


class Command(BaseCommand):
    help = (
        "list: the policies here, and whether they are asked."
        " import FILE.rego ...: load them, with FILE.cases.json beside each."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list")
        loading = what.add_parser("import")
        loading.add_argument("files", nargs="+", type=Path, metavar="FILE.rego")
        loading.add_argument(
            "--enable", action="store_true", help="ask them about every plan from now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with plane(CONTROL):
            if options["what"] == "list":
                self._list()
            for file in options.get("files", ()):
                try:
                    self._load(file, enable=options["enable"])
                except PaybillError as refusal:
                    raise CommandError(f"{file}: {refusal.detail}") from refusal

    def _list(self) -> None:
        for policy in RegoPolicy.objects.order_by("name"):
            self.stdout.write(f"{policy.name}: {_told(policy)}")

    def _load(self, file: Path, *, enable: bool) -> None:
        if file.suffix != ".rego":
            raise CommandError(f"{file}: the name of a policy ends in .rego")
        held = {"text": _read(file), "cases": _cases(file.with_suffix(".cases.json"))}
        policy = RegoPolicy.objects.filter(name=file.stem).first()
        if policy is None:
            asked = {"name": file.stem, **held}
            policy = perform(AddPolicy, None, asked, actor=CONSOLE).result
        elif not _same(policy, held):
            policy = perform(ChangePolicy, policy, held, actor=CONSOLE).result
        if enable and not policy.enabled:
            policy = perform(EnablePolicy, policy, actor=CONSOLE).result
        self.stdout.write(f"{policy.name}: {_told(policy)}")


def _same(policy: RegoPolicy, held: dict[str, Any]) -> bool:
    """Whether a policy is what its files say; files that are wrong are never that."""
    with suppress(ValueError):
        asked = ChangePolicy.Input.model_validate(held).model_dump(mode="json")
        return bool(asked == {"text": policy.text, "cases": policy.cases})
    return False


def _told(policy: RegoPolicy) -> str:
    asked = "asked about every plan" if policy.enabled else "not enabled"
    return f"{asked}, passes {len(policy.cases)} cases"


def _read(file: Path) -> str:
    try:
        with file.open("rb") as source:
            content = source.read(LONGEST + 1)
        text = content.decode()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: this is no text in UTF-8") from error
    if len(content) > LONGEST:
        raise CommandError(f"{file}: longer than {LONGEST} bytes")
    return text


def _cases(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except ValueError as error:
        raise CommandError(f"{file}: {error}") from error
