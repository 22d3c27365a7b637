"""What policies and prices know of the clouds, kept as data that can be reviewed."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """The table ``<name>.toml`` beside this file; its fractions are Decimals."""
    text = (Path(__file__).parent / f"{name}.toml").read_text()
    return tomllib.loads(text, parse_float=Decimal)
