"""Which billed periods got usage after they were rated: late events and corrections.

``FLAG`` is a step of the roll-up: in the transaction that adds events to hours and
days, every period that they touch is marked. A bill that is not committed by then is
not seen by it, so what was billed is looked at once more, by when its hours changed.
Both hold the lock of the roll-ups, so one of them finds it. What is marked for nothing
costs a reading: its difference is nothing.
"""

from __future__ import annotations

from billing import clock
from billing.models import Customer, MeteredPeriod, Standing
from paybill_site.kernel import planes

# Periods in one go; the rest is looked at by the next sweep.
MOST = 5_000
# A level that is carried on changes all that follows. Locked in their order: the biller
# has some of them, too.
FLAG = """
WITH touched AS (
  SELECT e.tenant_id, m.code, m.carried, min(e.at) AS since, max(e.at) AS until
  FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id
  WHERE e.batch_id = ANY(%s) GROUP BY 1, 2, 3),
found AS (
  SELECT p.id FROM billing_meteredperiod p
  JOIN touched t ON t.tenant_id = p.tenant_id AND t.code = p.meter
  WHERE p.standing <> 'late' AND p.stop > t.since
    AND (t.carried OR p.start <= t.until)
  ORDER BY p.id FOR NO KEY UPDATE OF p)
UPDATE billing_meteredperiod p SET standing = 'late' FROM found WHERE found.id = p.id
"""
LOOK = """
WITH found AS (
  SELECT id FROM billing_meteredperiod WHERE standing = 'new'
  ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
UPDATE billing_meteredperiod p SET standing = CASE WHEN EXISTS (
  SELECT 1 FROM billing_meter m JOIN billing_usagebucket b ON b.meter_id = m.id
  WHERE m.code = p.meter AND b.tenant_id = p.tenant_id AND b.width = 'hour'
    AND b.start < p.stop
    AND (m.carried OR b.start >= date_trunc('hour', p.start, 'UTC'))
    AND b.touched_at >= p.rated_at) THEN 'late' ELSE 'known' END
FROM found WHERE found.id = p.id
"""


def look() -> None:
    """Mark what was rated while its usage was being rolled up; the lock is held."""
    with planes.cursor() as cursor:
        cursor.execute(LOOK, [MOST])


def wake() -> int:
    """Let the biller look at customers who have late usage and no invoice to come.

    For all others it waits for the next invoice. Returns how many.
    """
    late = MeteredPeriod.objects.filter(standing=Standing.LATE).values("customer")
    idle = Customer.objects.filter(next_at=None, parked_at=None, pk__in=late)
    return idle.update(next_at=clock.now())
