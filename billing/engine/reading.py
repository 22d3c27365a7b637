"""The meters that lines of usage are written from, all of a batch read together."""

from __future__ import annotations

from collections.abc import Sequence

from billing import usage
from billing.engine.metered import Quantities
from billing.usage import Asked


def quantities(wanted: Sequence[Asked]) -> Quantities:
    """What each tenant used of each meter in each period. Raises NotFound."""
    return dict(zip(wanted, usage.quantities(wanted), strict=True)) if wanted else {}
