"""Tasks of a published benchmark, played on this shop."""

from __future__ import annotations

from examples.storefront.replay.command import Retail

__all__ = ["Retail"]
