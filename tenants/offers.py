"""What this installation can not build, and why; asked before anybody pays for it.

The room that builds places registers its obstacles; the one that sells asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

type Obstacle = Callable[[str, str, str], str]
_obstacles: list[Obstacle] = []


def obstacle(function: Obstacle) -> Obstacle:
    """Register ``function(isolation, cloud, product)``: why it can not be, or ""."""
    _obstacles.append(function)
    return function


def why_not(isolation: str, cloud: str, product: str = "") -> str:
    """Why a place of this kind can not be built here, or "" when it can.

    ``product``: the code of somebody's own, as the plan's features name it.
    """
    asked = (ask(isolation, cloud, product) for ask in _obstacles)
    return next((why for why in asked if why), "")


def product_in(features: Mapping[str, Any]) -> str:
    """Code of the product that features name; "" is Paybill's own plane."""
    return str(features.get("product") or "")
