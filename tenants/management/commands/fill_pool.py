"""``./paybill fill_pool``: make places ahead of the customers who will need them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paybill_site.kernel.schema import NoTemplate
from tenants import pool


class Command(BaseCommand):
    """Fill the warm pool; the worker does the same by itself."""

    help = "Make places until enough are ready to be claimed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", type=int, help="instead of PAYBILL_POOL_SIZE")

    def handle(self, *args: Any, size: int | None, **options: Any) -> None:
        try:
            made = pool.fill(size)
        except NoTemplate as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"pool: {made} made")
