"""``./paybill bench crash``: see ``benchmarks.crashes``."""

from __future__ import annotations

from benchmarks.crashes.__main__ import main

__all__ = ["main"]
