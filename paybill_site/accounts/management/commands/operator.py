"""``./paybill operator``: make an operator, or give one a new password."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from paybill_site.accounts.actions import MakeOperator, OperatorInput
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import perform

CONSOLE = actors.system("console", "accounts.make_operator")


class Command(BaseCommand):
    """Print the address and a fresh password, once; it is stored nowhere."""

    help = "Make an operator, or give one a new password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="operator@paybill.localhost")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address") from error
        password = secrets.token_urlsafe(15)
        data = OperatorInput(email=email, password=make_password(password))
        with planes.plane(planes.CONTROL):
            perform(MakeOperator, None, data, actor=CONSOLE)
        self.stdout.write(f"operator: {email}\npassword: {password}")
