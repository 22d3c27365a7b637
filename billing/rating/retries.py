"""When an attempt that failed is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate


def dates(failed_on: date, intervals: Sequence[int]) -> list[date]:
    """Days of the attempts after a failure; each interval counts from the one before.

    In days of the account's zone: the caller says on which of them the payment failed.
    """
    return [failed_on + timedelta(days=days) for days in accumulate(intervals)]
