"""What a call of a tool gives back, to every edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives back; ``dry_run`` has changed nothing, ``repeated`` either.

    ``approval`` is the public id of what a person has to agree to first: nothing has
    happened yet, and the same call with it does it once somebody said yes.
    """

    result: dict[str, Any]
    dry_run: bool = False
    repeated: bool = False
    approval: str = ""
