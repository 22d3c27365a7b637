"""What time billing thinks it is. Nothing in billing asks another clock.

In embedded mode an operator may move it forward; in production it is the present.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from billing.models import ClockOffset

_fixed: ContextVar[datetime | None] = ContextVar("billing_clock", default=None)


def now() -> datetime:
    """The moment at which billing acts, in UTC."""
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    present = timezone.now()
    if not settings.PAYBILL_EMBEDDED:
        return present
    moved = ClockOffset.objects.values_list("offset", flat=True).first()
    return present + moved if moved else present


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Let billing act as of ``moment`` inside the block, to work out what would be."""
    token = _fixed.set(moment)
    try:
        yield moment
    finally:
        _fixed.reset(token)
