"""Adds events up by the hour and the day, each batch once, in one transaction.

A batch is a row that is committed with its events and says whether they are in the
roll-ups: there is no number to compare with, so a batch that is committed late is not
passed over, and one that was rolled up is not added again. One process at a time.

Sums and counts are added to, and a correction is a negated value among the others. A
maximum, the latest value and the keys seen can not be lowered: where one of their
events was taken back, the hour and the day are worked out anew from the raw events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing.usage import lateness
from paybill_site.kernel import planes

# Batches in one transaction, of at most a thousand events each.
BATCHES = 200
ALONE = "SELECT pg_advisory_xact_lock(hashtext('paybill.usage'))"
TRY_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('paybill.usage'))"
PENDING = """
SELECT id FROM billing_usagebatch WHERE rolled_at IS NULL ORDER BY id LIMIT %s
"""
MARK = """
UPDATE billing_usagebatch SET rolled_at = clock_timestamp()
WHERE id = ANY(%s) AND rolled_at IS NULL RETURNING id
"""
# An event counts when it was not taken back. Both stand at the same moment.
STANDS = """
e.cancels IS NULL AND NOT EXISTS (
  SELECT 1 FROM billing_usageevent c WHERE c.tenant_id = e.tenant_id
  AND c.meter_id = e.meter_id AND c.at = e.at AND c.cancels = e.number)
"""
MICROSECONDS = "(1000000 * extract(epoch FROM ({})))"
WEIGHTED = "m.aggregation = 'weighted_sum'"
HOURS = f"""
hours AS (
  SELECT e.tenant_id, e.meter_id, date_trunc('hour', e.at, 'UTC') AS start,
    sum(e.weight) AS events, sum(e.value) AS total,
    sum(CASE WHEN {WEIGHTED} THEN e.value *
      {MICROSECONDS.format("e.at - date_trunc('hour', e.at, 'UTC')")} ELSE 0 END)
      AS moment,
    max(e.value) FILTER (WHERE e.cancels IS NULL AND m.aggregation = 'max')
      AS highest
  FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id
  WHERE e.batch_id = ANY(%s)
  GROUP BY 1, 2, 3),
both_widths AS (
  SELECT 'hour' AS width, * FROM hours
  UNION ALL
  SELECT 'day', tenant_id, meter_id, date_trunc('day', start, 'UTC'),
    sum(events), sum(total),
    sum(CASE WHEN {WEIGHTED} THEN moment + total *
      {MICROSECONDS.format("start - date_trunc('day', start, 'UTC')")} ELSE 0 END),
    max(highest)
  FROM hours h JOIN billing_meter m ON m.id = h.meter_id GROUP BY 2, 3, 4)
"""
ADD = f"""
WITH {HOURS}
INSERT INTO billing_usagebucket AS b (tenant_id, meter_id, width, start, events, total,
  moment, highest, touched_at)
SELECT tenant_id, meter_id, width, start, events, total, moment, highest,
  clock_timestamp() FROM both_widths
ON CONFLICT (tenant_id, meter_id, width, start) DO UPDATE SET
  events = b.events + excluded.events,
  total = b.total + excluded.total,
  moment = b.moment + excluded.moment,
  highest = greatest(b.highest, excluded.highest),
  touched_at = excluded.touched_at
"""
WIDTHS = "(VALUES ('hour'), ('day')) AS w(width)"
# Of meters that ask for the last value: of the latest, and of a level carried on.
LATEST = f"""
UPDATE billing_usagebucket b SET latest = l.value, latest_at = l.at,
  latest_number = l.number
FROM (
  SELECT DISTINCT ON (e.tenant_id, e.meter_id, w.width, s.start)
    e.tenant_id, e.meter_id, w.width, s.start, e.at, e.number, e.value
  FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id
    CROSS JOIN {WIDTHS}
    CROSS JOIN LATERAL (SELECT date_trunc(w.width, e.at, 'UTC') AS start) s
  WHERE e.batch_id = ANY(%s) AND e.cancels IS NULL
    AND m.aggregation IN ('latest', 'max')
  ORDER BY e.tenant_id, e.meter_id, w.width, s.start, e.at DESC, e.number DESC) l
WHERE (b.tenant_id, b.meter_id, b.width, b.start)
    = (l.tenant_id, l.meter_id, l.width, l.start)
  AND (b.latest_at IS NULL OR (l.at, l.number) > (b.latest_at, b.latest_number))
"""
SEEN = f"""
INSERT INTO billing_usageseen (tenant_id, meter_id, width, start, key)
SELECT DISTINCT e.tenant_id, e.meter_id, w.width, date_trunc(w.width, e.at, 'UTC'),
  e.key
FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id CROSS JOIN {WIDTHS}
WHERE e.batch_id = ANY(%s) AND e.cancels IS NULL AND m.aggregation = 'unique_count'
ON CONFLICT DO NOTHING
"""
# Hours and days in which something was taken back that is no matter of a sum.
SPOILT = f"""
spoilt AS (
  SELECT DISTINCT e.tenant_id, e.meter_id, w.width,
    date_trunc(w.width, e.at, 'UTC') AS start,
    date_trunc(w.width, e.at, 'UTC') + ('1 ' || w.width)::interval AS stop
  FROM billing_usageevent e JOIN billing_meter m ON m.id = e.meter_id
    CROSS JOIN {WIDTHS}
  WHERE e.batch_id = ANY(%s) AND e.cancels IS NOT NULL
    AND m.aggregation IN ('max', 'latest', 'unique_count'))
"""
# Only what is in the roll-ups: a batch that is pending will add itself later.
ROLLED = f"""
FROM billing_usageevent e JOIN billing_usagebatch r ON r.id = e.batch_id
WHERE e.tenant_id = s.tenant_id AND e.meter_id = s.meter_id
  AND e.at >= s.start AND e.at < s.stop AND r.rolled_at IS NOT NULL AND {STANDS}
"""
MEND = f"""
WITH {SPOILT},
anew AS (
  SELECT s.*, h.highest, l.value, l.at, l.number FROM spoilt s
  CROSS JOIN LATERAL (SELECT max(e.value) AS highest {ROLLED}) h
  LEFT JOIN LATERAL (SELECT e.value, e.at, e.number {ROLLED}
    ORDER BY e.at DESC, e.number DESC LIMIT 1) l ON true)
UPDATE billing_usagebucket b SET latest = a.value, latest_at = a.at,
  latest_number = a.number,
  highest = CASE WHEN m.aggregation = 'max' THEN a.highest END
FROM anew a JOIN billing_meter m ON m.id = a.meter_id
WHERE m.aggregation <> 'unique_count' AND (b.tenant_id, b.meter_id, b.width, b.start)
  = (a.tenant_id, a.meter_id, a.width, a.start)
"""
FORGET_SEEN = f"""
WITH {SPOILT}
DELETE FROM billing_usageseen k USING spoilt s
WHERE (k.tenant_id, k.meter_id, k.width, k.start)
  = (s.tenant_id, s.meter_id, s.width, s.start)
  AND NOT EXISTS (SELECT 1 {ROLLED} AND e.key = k.key)
"""
STEPS = (ADD, LATEST, SEEN, MEND, FORGET_SEEN, lateness.FLAG)


def sweep(most: int = BATCHES) -> int:
    """Roll up what waits, unless somebody is at it; return how many batches."""
    done = 0
    while True:
        with planes.atomic():
            if not _answer(TRY_ALONE):
                return done
            with planes.cursor() as cursor:
                cursor.execute(PENDING, [most])
                pending = [pk for (pk,) in cursor.fetchall()]
            rolled = _add(pending)
            lateness.look()
        done += rolled
        if len(pending) < most:
            return done


def roll_up(batches: Sequence[int]) -> None:
    """Roll these batches up in the open transaction, waiting for whoever is at it."""
    _answer(ALONE)
    _add(batches)


def _add(batches: Sequence[int]) -> int:
    if not batches:
        return 0
    with planes.cursor() as cursor:
        # Asked again under the lock: another one may have been faster.
        cursor.execute(MARK, [list(batches)])
        mine = [pk for (pk,) in cursor.fetchall()]
        for step in STEPS:
            cursor.execute(step, [mine])
    return len(mine)


def _answer(question: str) -> Any:
    with planes.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]
