"""The stories of evidence use the small workflow of ``tests.agents.listing``."""

from __future__ import annotations

from tests.agents.listing import clerk, keeper, listing, other, product, rival

__all__ = ["clerk", "keeper", "listing", "other", "product", "rival"]
