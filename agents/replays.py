"""What ``./paybill replay`` can play again; each kind is registered by its app.

@replay
class Retail:
    name = "retail"
    help = "tasks of a published benchmark"

    def add_arguments(self, parser): ...
    def run(self, options, say) -> bool: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.core.management.base import CommandParser

type Say = Callable[[str], Any]


class Replay(Protocol):
    """One kind: its name behind ``replay``, its arguments, and what it does.

    ``run`` writes its report with ``say`` and returns whether all was as expected.
    It raises CommandError for what it can not begin with.
    """

    name: str
    help: str

    def add_arguments(self, parser: CommandParser) -> None: ...

    def run(self, options: Mapping[str, Any], say: Say) -> bool: ...


registry: dict[str, Replay] = {}


def replay[R: Replay](kind: type[R]) -> type[R]:
    """Register a kind. Called in the module that the app imports when it is ready."""
    made = kind()
    registry[made.name] = made
    return kind
