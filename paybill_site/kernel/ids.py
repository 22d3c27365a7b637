"""Public ids: prefixed, sortable by time, safe to show; primary keys never leave.

The body is a ULID (48 bits of milliseconds, 80 random bits) in Crockford's
base 32, lower case: https://github.com/ulid/spec.
"""

from __future__ import annotations

import re
import secrets
import time
from functools import partial
from typing import Any

from django.core.validators import RegexValidator
from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
BODY = 26
PATTERN = re.compile(rf"^[a-z]{{2,6}}_[{ALPHABET}]{{{BODY}}}\Z")


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``ten_01jq...``; later ids sort after earlier ones."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    digits = [ALPHABET[(number >> shift) & 31] for shift in range(0, BODY * 5, 5)]
    return f"{prefix}_{''.join(reversed(digits))}"


def is_id(text: str, prefix: str = "") -> bool:
    """Tell whether ``text`` has the shape of a public id (with this prefix, if any)."""
    return bool(PATTERN.match(text)) and text.startswith(f"{prefix}_" if prefix else "")


def id_pattern(prefix: str) -> str:
    """The pattern of ids with this prefix, as a schema has it."""
    return f"^{prefix}_[{ALPHABET}]{{{BODY}}}$"


class PublicId(models.CharField[str, str]):
    """The ``public_id`` column of a model: unique, set once, never edited."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options.update(
            max_length=40,
            unique=True,
            editable=False,
            default=partial(new_id, prefix),
            validators=[RegexValidator(PATTERN)],
        )
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        kept = {"max_length", "unique", "editable", "default", "validators"}
        return (
            name,
            path,
            [self.prefix],
            {k: v for k, v in options.items() if k not in kept},
        )
