"""What this installation can not build, and why; asked before anybody pays for it.

The room that builds places registers its obstacles; the one that sells asks.
"""

from __future__ import annotations

from collections.abc import Callable

type Obstacle = Callable[[str, str], str]
_obstacles: list[Obstacle] = []


def obstacle(function: Obstacle) -> Obstacle:
    """Register ``function(isolation, cloud)``: why that can not be built, or ""."""
    _obstacles.append(function)
    return function


def why_not(isolation: str, cloud: str) -> str:
    """Why a place of this kind can not be built here, or "" when it can."""
    return next((why for ask in _obstacles if (why := ask(isolation, cloud))), "")
