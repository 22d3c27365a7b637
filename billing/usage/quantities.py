"""How much was used in a period: exact for any boundaries, up to the last commit.

A period is cut into whole days, whole hours and what is left at its ends. The first
two are read from the roll-ups, the ends from the raw events, and what is not rolled up
yet is added: all in one statement, so that nothing is seen twice or not at all. For a
level that is carried on, the same is done with all the time before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.models import Meter
from billing.rating.periods import Period
from billing.rating.usage import Aggregation, Tally
from billing.rating.usage import quantity as tallied
from billing.usage.rollups import MICROSECONDS, STANDS
from paybill_site.kernel import planes
from paybill_site.kernel.errors import NotFound
from tenants.models import Tenant

EVER = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEVELS = {Aggregation.MAX, Aggregation.LATEST, Aggregation.WEIGHTED_SUM}

# What waits for its roll-up is looked up first, by its batches: in a month of which the
# planner knows nothing yet it would read all events of a period instead.
SPANS = """
spans AS (SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::boolean[],
    %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
  AS s(n, tenant_id, meter_id, before, kind, lo, hi, stop)),
waiting AS MATERIALIZED (SELECT e.* FROM billing_usageevent e WHERE e.batch_id = ANY(
  ARRAY(SELECT b.id FROM billing_usagebatch b WHERE b.rolled_at IS NULL))),
pending AS (SELECT s.n, s.before, s.stop, e.* FROM waiting e
  JOIN spans s ON s.kind = 'pending' AND s.tenant_id = e.tenant_id
    AND s.meter_id = e.meter_id AND e.at >= s.lo AND e.at < s.hi),
raw AS (SELECT s.n, s.before, s.stop, e.* FROM spans s
  JOIN billing_usageevent e ON s.kind = 'raw' AND s.tenant_id = e.tenant_id
    AND s.meter_id = e.meter_id AND e.at >= s.lo AND e.at < s.hi)
"""
BUCKETS = """
spans s JOIN {} b ON b.tenant_id = s.tenant_id AND b.meter_id = s.meter_id
  AND b.width = s.kind AND b.start >= s.lo AND b.start < s.hi
"""
# Of a sum every event counts, a correction with its negated value; of the rest what
# stands. Corrections of the rest are never pending: see ``recording``.
ONE_BY_ONE = f"""
SELECT e.n, e.before, e.weight, e.value,
  e.value * {MICROSECONDS.format("e.stop - e.at")},
  CASE WHEN f.stands THEN e.value END, CASE WHEN f.stands THEN e.at END, e.number,
  CASE WHEN f.stands THEN e.value END
FROM {{}} e JOIN billing_meter m ON m.id = e.meter_id CROSS JOIN LATERAL (
  SELECT m.aggregation IN ('max', 'latest') AND {STANDS} AS stands) f
"""
TALLIES = f"""
WITH {SPANS},
parts (n, before, events, total, waited, highest, at, number, latest) AS (
  SELECT s.n, s.before, b.events, b.total,
    b.total * {MICROSECONDS.format("s.stop - b.start")} - b.moment,
    b.highest, b.latest_at, b.latest_number, b.latest
  FROM {BUCKETS.format("billing_usagebucket")}
  UNION ALL {ONE_BY_ONE.format("raw")}
  UNION ALL {ONE_BY_ONE.format("pending")})
SELECT n, coalesce(sum(events) FILTER (WHERE NOT before), 0),
  coalesce(sum(total) FILTER (WHERE NOT before), 0),
  coalesce(sum(waited) FILTER (WHERE NOT before), 0),
  max(highest) FILTER (WHERE NOT before),
  (array_agg(latest ORDER BY at DESC, number DESC)
    FILTER (WHERE at IS NOT NULL AND NOT before))[1],
  (array_agg(latest ORDER BY at DESC, number DESC)
    FILTER (WHERE at IS NOT NULL AND before))[1],
  coalesce(sum(total) FILTER (WHERE before), 0)
FROM parts GROUP BY n
"""
KEYS = f"""
WITH {SPANS}
SELECT n, count(DISTINCT key) FROM (
  SELECT s.n, b.key FROM {BUCKETS.format("billing_usageseen")}
  UNION ALL SELECT e.n, e.key FROM raw e WHERE {STANDS}
  UNION ALL SELECT e.n, e.key FROM pending e) AS k
GROUP BY n
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of a meter (its code) a tenant (its key) used in a period."""

    tenant: int
    meter: str
    period: Period


type Span = tuple[int, int, int, bool, str, datetime, datetime, datetime]


def quantity(tenant: Tenant, meter: str, period: Period) -> Fraction:
    """How much of a meter a tenant used in a period. Raises NotFound for the meter."""
    return quantities([Asked(tenant.pk, meter, period)])[0]


def quantities(asked: Sequence[Asked]) -> list[Fraction]:
    """The quantities in the order asked; three queries, however many there are.

    Exactly ``rating.usage.aggregate`` of the raw events that stand. Raises NotFound
    for a meter that there is not.
    """
    meters = _meters({one.meter for one in asked})
    unique = [meters[one.meter].how is Aggregation.UNIQUE_COUNT for one in asked]
    tallies: dict[int, Tally] = {}
    if not all(unique):
        rest = [n for n, counts_keys in enumerate(unique) if not counts_keys]
        tallies = _tallies(_spans(asked, rest, meters), asked, meters)
    if any(unique):
        keyed = [n for n, counts_keys in enumerate(unique) if counts_keys]
        rows = _rows(KEYS, _spans(asked, keyed, meters))
        tallies |= {n: Tally(keys=count) for n, count in rows}
    return [
        tallied(meters[one.meter].how, tallies.get(n, Tally()), one.period)
        for n, one in enumerate(asked)
    ]


def _meters(codes: set[str]) -> dict[str, Meter]:
    found = {meter.code: meter for meter in Meter.objects.filter(code__in=codes)}
    for missing in codes - found.keys():
        raise NotFound(f"there is no meter {missing}")
    return found


def _tallies(
    spans: list[Span], asked: Sequence[Asked], meters: dict[str, Meter]
) -> dict[int, Tally]:
    tallies = {}
    for n, events, total, waited, highest, latest, last, level in _rows(TALLIES, spans):
        how = meters[asked[n].meter].how
        carried = level if how is Aggregation.WEIGHTED_SUM else last or Decimal(0)
        tallies[n] = Tally(
            events=int(events),
            total=total,
            waited=waited,
            highest=highest,
            latest=latest,
            carried=carried,
        )
    return tallies


def _spans(
    asked: Sequence[Asked], numbers: Iterable[int], meters: dict[str, Meter]
) -> list[Span]:
    spans: list[Span] = []
    for n in numbers:
        one, meter = asked[n], meters[asked[n].meter]
        stop = one.period.end
        for before, (kind, lo, hi) in _pieces(one.period, meter):
            if lo < hi:
                spans.append((n, one.tenant, meter.pk, before, kind, lo, hi, stop))
    return spans


type Piece = tuple[str, datetime, datetime]


def _pieces(period: Period, meter: Meter) -> Iterator[tuple[bool, Piece]]:
    for piece in pieces(period.start, period.end):
        yield False, piece
    if meter.carried and meter.how in LEVELS:
        for piece in pieces(EVER, period.start):
            yield True, piece


def pieces(start: datetime, end: datetime) -> Iterator[Piece]:
    """Whole days and hours, what is left at the ends, where what is pending counts."""
    first = min(ceiling(start, HOUR), end)
    last = max(first, floor(end, HOUR))
    midnight = min(ceiling(first, DAY), last)
    evening = max(midnight, floor(last, DAY))
    yield "raw", start, first
    yield "hour", first, midnight
    yield "day", midnight, evening
    yield "hour", evening, last
    yield "raw", last, end
    yield "pending", first, last


def floor(moment: datetime, width: timedelta) -> datetime:
    return moment - (moment - EVER) % width


def ceiling(moment: datetime, width: timedelta) -> datetime:
    return moment + (EVER - moment) % width


def _rows(statement: str, spans: list[Span]) -> list[Any]:
    if not spans:
        return []
    columns = [list(column) for column in zip(*spans, strict=True)]
    with planes.cursor() as cursor:
        cursor.execute(statement, columns)
        found: list[Any] = cursor.fetchall()
    return found
