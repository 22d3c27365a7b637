"""What was looked at before something was believed: a name, the finding, the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """``detail`` is for people: what was found, without a secret in it."""

    name: str
    passed: bool
    detail: str = ""


def told(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The checks as a run keeps them."""
    return [asdict(check) for check in checks]


def failures(checks: Iterable[Check]) -> str:
    """One sentence for each that did not pass; "" when all did."""
    return "; ".join(f"{c.name}: {c.detail}" for c in checks if not c.passed)
