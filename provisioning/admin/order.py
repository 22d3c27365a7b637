"""What people need to know first stands first on a page."""

from __future__ import annotations

from collections.abc import Iterable


def first(fields: Iterable[str], *names: str) -> list[str]:
    """The fields with these names in front, in the order of the names."""
    found = list(fields)
    front = [name for name in names if name in found]
    return [*front, *(name for name in found if name not in front)]
