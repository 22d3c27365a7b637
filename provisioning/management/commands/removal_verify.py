"""``./paybill removal_verify FILE``: is this record of a removal genuine?"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.management.base import BaseCommand, CommandError

from provisioning.removal import record


class Command(BaseCommand):
    """Checks the signature, then says what the record says."""

    help = "Check the signed record of a removal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the record, JSON")
        parser.add_argument(
            "--key", help="public key (PEM) of another installation; else this one's"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checked = record.read(_bytes(options["file"]), _key(options["key"]))
        except record.NotGenuine as refusal:
            raise CommandError(refusal.detail) from refusal
        tenant, place = checked["tenant"], checked["place"]
        self.stdout.write(
            f"genuine: {checked['removal']} of {tenant['name']} ({tenant['id']}),"
            f" {place['kind']}, ended {checked['ended']}"
        )
        for check in checked["proof"]:
            self.stdout.write(f"  {check['name']}: {check['detail']}")
        for left in checked["remains"]:
            self.stdout.write(f"  remains for a while: {left['name']} {left['ends']}")


def _bytes(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(record.LONGEST)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def _key(name: str | None) -> Ed25519PublicKey | None:
    if not name:
        return None
    try:
        return cast(Ed25519PublicKey, load_pem_public_key(_bytes(name)))
    except ValueError as error:
        raise CommandError(f"{name} is no public key") from error
