"""Usage: what tenants used, as events that come in and quantities that are billed.

``recording`` takes events, ``rollups`` adds them up by the hour and the day,
``quantities`` answers how much it was in any period, ``lateness`` marks which periods
changed after they were billed, ``checking`` compares, ``retention`` lets old events go.
"""

from __future__ import annotations

from billing.usage.quantities import Asked, quantities, quantity

__all__ = [
    "Asked",
    "quantities",
    "quantity",
]
