"""``./paybill stacks``: what can be built here, with which plugins."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import CONTROL, plane
from provisioning import stacks
from provisioning.actions import ArchiveStack
from provisioning.plugins import fetching, locks, mirrors
from provisioning.system import PROVISIONING


class Command(BaseCommand):
    help = (
        "list: the stacks, what they admit, were tested with and find here."
        " mirror: fetch the plugins that are missing, once, from the registry."
        " lock: write a lock file for each stack whose plugins are here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("list", "mirror", "lock"))

    def handle(self, *args: Any, **options: Any) -> None:
        tell = {"list": self._list, "mirror": self._mirror, "lock": self._lock}
        try:
            tell[options["what"]]()
        except PaybillError as refusal:
            raise CommandError(refusal.detail) from refusal

    def _list(self) -> None:
        for folder in mirrors.folders():
            self.stdout.write(f"mirror {folder}")
        for stack in stacks.every():
            files = stack.files()
            self.stdout.write(f"{stack.name} {stacks.digest(files)[:12]}")
            for source, wanted in stacks.admitted(files).items():
                self.stdout.write(f"  {_provider(source, wanted)}")

    def _mirror(self) -> None:
        wanted: dict[str, set[str]] = defaultdict(set)
        for stack in stacks.every():
            for source, versions in stacks.admitted(stack.files()).items():
                wanted[source].add(versions)
        missing = {
            source: versions
            for source, versions in wanted.items()
            if mirrors.serve(stacks.sources([source])).missing
        }
        if not missing:
            self.stdout.write("every provider is on this machine already:")
            for folder in mirrors.folders():
                self.stdout.write(f"  {folder}")
            return
        self.stdout.write(f"fetching {', '.join(sorted(missing))}")
        self.stdout.write(f"the plugins are in {fetching.fetch(missing)}")

    def _lock(self) -> None:
        with plane(CONTROL):
            for stack in stacks.every():
                self.stdout.write(f"{stack.name}: {_locked(stack)}")


def _provider(source: str, wanted: str) -> str:
    tested = stacks.tested().get(source, {})
    served = mirrors.serve(stacks.sources([source]))
    here = [plugin.version for _, found in served.plugins for plugin in found]
    return (
        f"{source}: admitted {wanted or 'any version'},"
        f" tested with {tested.get('version', 'none')} by {tested.get('by', 'nobody')},"
        f" here {', '.join(here) or 'none'}"
    )


def _locked(stack: stacks.Stack) -> str:
    """What was locked; a stack whose plugins are not here is no failure."""
    cloud, kind = stack.name.split("/")
    named = {"cloud": cloud, "kind": kind}
    version = perform(ArchiveStack, None, named, actor=PROVISIONING).result
    try:
        lock = locks.of(version)
    except PaybillError as refusal:
        return refusal.detail
    chosen = [f"{one['source']} {one['version']}" for one in lock.selections()]
    return f"{version.digest[:12]} with {', '.join(chosen) or 'no provider'}"
