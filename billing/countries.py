"""The countries that somebody can be billed in, by their codes of ISO 3166-1."""

from __future__ import annotations

from functools import cache
from pathlib import Path

# From the time zone database's iso3166.tab, which is in the public domain.
FILE = Path(__file__).with_name("countries.tsv")


@cache
def names() -> dict[str, str]:
    """``{"AT": "Austria", ...}``, in the order of their names."""
    rows = (line.split("\t") for line in FILE.read_text("utf-8").splitlines())
    return dict(sorted(((code, name) for code, name in rows), key=lambda row: row[1]))
