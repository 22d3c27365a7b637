"""Which periods got usage after they were billed: late events and corrections.

An hour's roll-up knows when it last changed, by the database's clock. It changes after
the commit of the events, so nothing that a bill did not see is missed; what a bill saw
before it was rolled up may be named once for nothing, and its difference is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.rating.periods import Period
from billing.usage.quantities import EVER, HOUR, floor
from paybill_site.kernel import planes

CHANGED = """
SELECT a.n FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::timestamptz[],
  %s::timestamptz[], %s::timestamptz[]) AS a(n, tenant_id, code, start, stop, since)
JOIN billing_meter m ON m.code = a.code
WHERE EXISTS (
  SELECT 1 FROM billing_usagebucket b WHERE b.tenant_id = a.tenant_id
  AND b.meter_id = m.id AND b.width = 'hour' AND b.start < a.stop
  AND (m.carried OR b.start >= a.start) AND b.touched_at >= a.since)
ORDER BY a.n
"""
TOUCHED = """
SELECT b.tenant_id, m.code, min(b.start), max(b.start)
FROM billing_usagebucket b JOIN billing_meter m ON m.id = b.meter_id
WHERE b.width = 'hour' AND b.touched_at >= %s GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Billed:
    """A period of a tenant (its key) and a meter (its code) that is on an invoice.

    ``since``: when the transaction began that billed it, by the database's clock (the
    invoice's ``created_at``), not by billing's, which can be moved.
    """

    tenant: int
    meter: str
    period: Period
    since: datetime


@dataclass(frozen=True, slots=True)
class Touched:
    """Usage of a tenant changed somewhere in these hours."""

    tenant: int
    meter: str
    period: Period


def changed(billed: Sequence[Billed]) -> list[Billed]:
    """Those of the periods that got usage since they were billed; one query.

    Of a level that is carried on, any earlier change counts. Ask after a sweep: what
    is not rolled up yet is named by the next one.
    """
    if not billed:
        return []
    rows = [
        (n, b.tenant, b.meter, floor(b.period.start, HOUR), b.period.end, b.since)
        for n, b in enumerate(billed)
    ]
    with planes.cursor() as cursor:
        cursor.execute(CHANGED, [list(column) for column in zip(*rows, strict=True)])
        return [billed[n] for (n,) in cursor.fetchall()]


def touched_since(moment: datetime = EVER) -> list[Touched]:
    """Where usage changed since a moment of the database's clock, to look there."""
    with planes.cursor() as cursor:
        cursor.execute(TOUCHED, [moment])
        return [
            Touched(tenant, meter, Period(first, last + HOUR))
            for tenant, meter, first, last in cursor.fetchall()
        ]
