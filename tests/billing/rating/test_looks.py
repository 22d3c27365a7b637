"""When something whose outcome is not known is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from billing.rating.retries import next_look

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_soon_then_later_then_each_day() -> None:
    rests = [next_look(NOW, looks) - NOW for looks in range(5)]
    day = timedelta(days=1)
    assert rests == [timedelta(minutes=5), timedelta(hours=1), day, day, day]
