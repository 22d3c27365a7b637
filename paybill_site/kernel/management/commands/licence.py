"""``./paybill licence verify FILE``, ``licence show --tenant ID``, ``licence keys``."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from paybill_site.kernel import licence_keys, planes
from paybill_site.kernel.licence_keys import Keys, NotGenuine
from paybill_site.kernel.models import Licence
from paybill_site.kernel.terms import OPEN_TO_CHANGES, Terms, audience_of, read_licence

LONGEST = 64 << 10  # bytes that are read of somebody's file


class Command(BaseCommand):
    """``verify``: says what a licence says and whether it holds; exit status 1 if not.
    ``show``: the licence of a tenant's plane, as a token. ``keys``: the published set.
    """

    help = "Check licences, show them, and print the keys that check them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["verify", "show", "keys"])
        parser.add_argument("file", nargs="?", help="the licence; - reads the input")
        parser.add_argument("--tenant", help="take the one in this tenant's plane")
        parser.add_argument("--keys", help="a published key set; else this one's")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(**options)
        except NotGenuine as refusal:
            raise CommandError(f"not valid: {refusal.detail}") from refusal

    def _verify(self, **options: Any) -> None:
        token, chain = _asked(options["file"], options["tenant"])
        keys = _keys(options["keys"], [*licence_keys.statements_of(token), *chain])
        terms = read_licence(token, options["tenant"] or audience_of(token), keys)
        standing = terms.standing(timezone.now())
        for line in _told(terms):
            self.stdout.write(line)
        self.stdout.write(f"key: {licence_keys.kid_of(token)}")
        if standing not in OPEN_TO_CHANGES:
            raise CommandError(f"not valid: {standing} since {terms.ends:%Y-%m-%d}")
        self.stdout.write(f"valid: {standing}")

    def _show(self, **options: Any) -> None:
        self.stdout.write(_asked(options["file"], options["tenant"])[0])

    def _keys(self, **options: Any) -> None:
        self.stdout.write(json.dumps(licence_keys.published(), indent=2))


def _told(terms: Terms) -> list[str]:
    return [
        f"tenant: {terms.tenant} ({terms.name})",
        f"version: {terms.version}",
        f"plan: {terms.plan}",
        f"state: {terms.state} ({terms.reason or 'no reason given'})",
        f"features: {json.dumps(terms.features, sort_keys=True)}",
        f"limits: {json.dumps(terms.limits, sort_keys=True)}",
        f"issued: {terms.issued:%Y-%m-%d %H:%M}",
        f"expires: {terms.expires:%Y-%m-%d %H:%M}, grace until {terms.ends:%Y-%m-%d}",
    ]


def _asked(file: str | None, tenant: str | None) -> tuple[str, list[str]]:
    """The token, and the statements that its plane keeps beside it."""
    if file:
        return _text(file).strip(), []
    if not tenant:
        raise CommandError("Name a file (- for the input), or a tenant: --tenant.")
    place = planes.place_of(tenant)
    if place is None:
        raise CommandError(f"{tenant} has no plane that can be entered from here.")
    with planes.plane(place):
        newest = Licence.newest()
    if newest is None:
        raise CommandError(f"not valid: {tenant} has no licence.")
    return newest.token, list(newest.chain)


def _text(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read(LONGEST)
        with Path(file).open() as opened:
            return opened.read(LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: this is not readable as text") from error


def _keys(file: str | None, statements: list[str]) -> Keys:
    if file:
        return licence_keys.from_key_set(_text(file))
    return licence_keys.trusted(statements)
