"""Windows that are over are forgotten, with what was counted in them.

What is counted for ever stays, and so do the keys of calls: the effect that stands
behind a key is never done again, however late the call is repeated.
"""

from __future__ import annotations

from datetime import datetime

from paybill_site.kernel import planes, retention

OVER = """
DELETE FROM {table} WHERE id IN (
  SELECT u.id FROM {table} u JOIN agents_limit l ON l.id = u.limit_id
  WHERE l."window" > 0 AND u.starts_at + make_interval(secs => l."window") < %s
  ORDER BY u.id LIMIT %s)
"""
TABLES = ("agents_touchedobject", "agents_limituse")


@retention.forgetting
def forget(before: datetime, batch: int) -> int:
    """Delete counts of windows that ended before a moment; how many rows."""
    rows = 0
    for table in TABLES:
        with planes.atomic(), planes.cursor() as cursor:
            cursor.execute(OVER.format(table=table), [before, batch])
            rows += cursor.rowcount
    return rows
