"""Compares the roll-ups with the raw events, and works them out anew.

Both look at the months whose raw events are kept; older roll-ups are all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.models import Meter
from billing.usage.rollups import ALONE, MICROSECONDS, STANDS, WIDTHS
from paybill_site.kernel import planes

# What the roll-ups of a meter have to be, from the events of batches that are in them.
ANEW = f"""
raw AS (
  SELECT e.tenant_id, e.meter_id, w.width, date_trunc(w.width, e.at, 'UTC') AS start,
    m.aggregation, e.at, e.number, e.weight, e.value, e.key,
    m.aggregation IN ('max', 'latest', 'unique_count') AND {STANDS} AS stands
  FROM billing_usageevent e JOIN billing_usagebatch r ON r.id = e.batch_id
    JOIN billing_meter m ON m.id = e.meter_id CROSS JOIN {WIDTHS}
  WHERE e.meter_id = %s AND r.rolled_at IS NOT NULL),
anew AS (
  SELECT tenant_id, meter_id, width, start, sum(weight)::bigint AS events,
    sum(value) AS total,
    sum(CASE WHEN aggregation = 'weighted_sum'
      THEN value * {MICROSECONDS.format("at - start")} ELSE 0 END) AS moment,
    max(value) FILTER (WHERE stands AND aggregation = 'max') AS highest,
    (array_agg(value ORDER BY at DESC, number DESC) FILTER (WHERE keeps))[1] AS latest,
    (array_agg(at ORDER BY at DESC, number DESC) FILTER (WHERE keeps))[1] AS latest_at,
    (array_agg(number ORDER BY at DESC, number DESC) FILTER (WHERE keeps))[1]
      AS latest_number
  FROM raw, LATERAL (SELECT stands AND aggregation <> 'unique_count' AS keeps) k
  GROUP BY tenant_id, meter_id, width, start),
seen AS (
  SELECT DISTINCT tenant_id, meter_id, width, start, key FROM raw
  WHERE stands AND aggregation = 'unique_count')
"""
COLUMNS = """tenant_id, meter_id, width, start, events, total, moment, highest, latest,
  latest_at, latest_number"""
# Since the first raw event: a month goes as a whole, and a day is in one month.
KEPT = """
start >= (SELECT coalesce(date_trunc('month', min(at), 'UTC'), 'infinity')
  FROM billing_usageevent)
"""
DIFFERENCES = f"""
WITH {ANEW},
kept AS (SELECT {COLUMNS} FROM billing_usagebucket WHERE meter_id = %s AND {KEPT}),
kept_seen AS (SELECT tenant_id, meter_id, width, start, key FROM billing_usageseen
  WHERE meter_id = %s AND {KEPT})
SELECT tenant_id, width, start FROM (
  (SELECT {COLUMNS} FROM anew EXCEPT SELECT * FROM kept)
  UNION ALL (SELECT * FROM kept EXCEPT SELECT {COLUMNS} FROM anew)) AS b
UNION
SELECT tenant_id, width, start FROM (
  (SELECT * FROM seen EXCEPT SELECT * FROM kept_seen)
  UNION ALL (SELECT * FROM kept_seen EXCEPT SELECT * FROM seen)) AS k
ORDER BY 1, 2, 3
"""
DROP = (
    f"DELETE FROM billing_usagebucket WHERE meter_id = %s AND {KEPT}",
    f"DELETE FROM billing_usageseen WHERE meter_id = %s AND {KEPT}",
)
FILL = (
    f"WITH {ANEW} INSERT INTO billing_usagebucket ({COLUMNS}, touched_at)"
    f" SELECT {COLUMNS}, clock_timestamp() FROM anew",
    f"WITH {ANEW} INSERT INTO billing_usageseen"
    " (tenant_id, meter_id, width, start, key) SELECT * FROM seen",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """An hour or a day whose roll-up is not what its raw events add up to."""

    tenant: int
    meter: str
    width: str
    start: datetime


def differences(meter: Meter | None = None) -> list[Difference]:
    """Where the roll-ups of a meter, or of all, are wrong. Nothing, if all is well."""
    meters = [meter] if meter is not None else list(Meter.objects.all())
    found = []
    for one in meters:
        with planes.cursor() as cursor:
            cursor.execute(DIFFERENCES, [one.pk] * 3)
            found += [Difference(t, one.code, w, s) for t, w, s in cursor.fetchall()]
    return found


def rebuild(meter: Meter) -> None:
    """Work the roll-ups of a meter out anew, in the open transaction.

    What is billed is not touched: ``changed`` names every period again, and the
    difference to what was billed is worked out as of any late usage.
    """
    with planes.cursor() as cursor:
        cursor.execute(ALONE)
        for statement in (*DROP, *FILL):
            cursor.execute(statement, [meter.pk])
