"""Takes a batch of events, in one transaction and a constant number of queries.

1. Every event is read alone; what does not fit is refused with its place.
2. Their identities are inserted in order; one that is there already was sent before:
   a duplicate, or refused when it said something else then. A batch that sends the
   same at the same time waits here for the first to commit.
3. What is new is copied into the partitions of its months.
Answers tell of each event what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing import clock
from billing.models import Meter, UsageBatch
from billing.rating.usage import Aggregation
from billing.usage import events, rollups
from billing.usage.events import Reading, Sent, Unfit, undone
from paybill_site.kernel import audit, planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Invalid
from tenants.models import Tenant

ACCEPTED, DUPLICATE, REFUSED = "accepted", "duplicate", "refused"
# What adds up: taken back by the negated value alone.
SUMS = {Aggregation.SUM, Aggregation.COUNT, Aggregation.WEIGHTED_SUM}

CLAIM = """
INSERT INTO billing_usagekey (digest, content, at)
SELECT * FROM unnest(string_to_array(%s, ' ')::uuid[],
  string_to_array(%s, ' ')::uuid[], string_to_array(%s, ' ')::timestamptz[])
  AS k(digest, content, at)
ORDER BY digest
ON CONFLICT (digest) DO NOTHING RETURNING encode(uuid_send(digest), 'hex')
"""
KNOWN = """
SELECT encode(uuid_send(digest), 'hex'), encode(uuid_send(content), 'hex')
FROM billing_usagekey WHERE digest = ANY(string_to_array(%s, ' ')::uuid[])
"""
# The key says when it happened: so its partition and its place in the index are known.
ORIGINALS = """
SELECT encode(uuid_send(e.digest), 'hex'), e.at, e.number, e.value, e.key, e.batch_id
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS c(digest, tenant, meter)
JOIN billing_usagekey k ON k.digest = c.digest
JOIN billing_usageevent e ON e.tenant_id = c.tenant AND e.meter_id = c.meter
  AND e.at = k.at AND e.digest = k.digest AND e.cancels IS NULL
"""
MONTHS = "SELECT billing_usage_month(m) FROM unnest(%s::timestamptz[]) AS m"
COPY = """
COPY billing_usageevent (tenant_id, meter_id, batch_id, at, value, key, weight,
  cancels, digest, source, name, properties) FROM STDIN
"""


@dataclass(slots=True)
class Intake:
    """A batch on its way: what still stands of it, and what became of the rest."""

    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    # Batches with events that are taken back here, where that is no matter of a sum.
    unsettled: set[int] = field(default_factory=set)

    def refuse(self, index: int, why: Invalid) -> None:
        self.answers[index] = {"status": REFUSED, "reason": why.detail}

    def answer(self, index: int, status: str) -> None:
        self.answers[index] = {"status": status}


def take(sent: list[Any], actor: Actor) -> UsageBatch:
    """Record what fits; the batch's ``answers`` tell of each event. In an action.

    Raises Unfit where nothing fits; its member ``events`` has the answers.
    """
    intake = Intake()
    fit, unfit = events.shaped(sent)
    for index, why in unfit.items():
        intake.refuse(index, why)
    _read(intake, fit, actor)
    _make_months(intake)
    _find_originals(intake)
    _claim(intake)
    for reading in intake.readings:
        intake.answer(reading.index, ACCEPTED)
    answers = [{"index": n, **intake.answers[n]} for n in range(len(sent))]
    if all(answer["status"] == REFUSED for answer in answers):
        raise Unfit(_none(answers), events=answers)
    batch = _batch(intake, sent, actor)
    batch.answers = answers
    if intake.readings:
        _copy(intake.readings, batch)
    if intake.unsettled:
        # Before anybody can ask: nothing but roll-ups and raw sums are ever read.
        rollups.roll_up([batch.pk, *intake.unsettled])
    return batch


def _none(answers: list[dict[str, Any]]) -> str:
    if len(answers) == 1:
        return str(answers[0]["reason"])
    return f"none of these {len(answers)} events can be taken"


def _read(intake: Intake, fit: dict[int, Sent], actor: Actor) -> None:
    tenants, trusted = _tenants(fit.values(), actor)
    codes = {event["meter"] for event in fit.values()}
    meters = {meter.code: meter for meter in Meter.objects.filter(code__in=codes)}
    now, seen = clock.now(), dict[str, Reading]()
    for index, event in fit.items():
        try:
            reading = _one(index, event, tenants, meters, now)
            _may_lower(reading, trusted)
        except Unfit as why:
            intake.refuse(index, why)
            continue
        first = seen.setdefault(reading.digest, reading)
        if first is reading:
            intake.readings.append(reading)
        else:
            _again(intake, index, first.content, reading.content)


def _tenants(
    sent: Iterable[Sent], actor: Actor
) -> tuple[dict[str, int], frozenset[int]]:
    """Public id -> key of the sender's tenants, and those whose usage it may lower."""
    named = {event["tenant"] for event in sent}
    rows = Tenant.objects.filter(public_id__in=named)
    mine = rows.permitted(actor, "billing.record_usage")
    found = dict(mine.values_list("public_id", "pk"))
    if actor.may("billing.correct_usage"):
        return found, frozenset(found.values())
    lower = rows.permitted(actor, "billing.correct_usage")
    return found, frozenset(lower.values_list("pk", flat=True))


def _one(
    index: int,
    event: Sent,
    tenants: dict[str, int],
    meters: dict[str, Meter],
    now: datetime,
) -> Reading:
    tenant = tenants.get(event["tenant"])
    if tenant is None:
        raise Unfit("tenant: there is no such tenant")
    meter = meters.get(event["meter"])
    if meter is None:
        raise Unfit("meter: there is no such meter")
    if meter.retired_at is not None and meter.retired_at <= now:
        raise Unfit("meter: it takes no events any more")
    return events.read(index, event, tenant, meter, now)


def _may_lower(reading: Reading, trusted: frozenset[int]) -> None:
    """What lowers a bill is not the customer's to say."""
    lowers = reading.weight < 0 or (
        reading.value < 0 and reading.meter.how is Aggregation.SUM
    )
    if lowers and reading.tenant not in trusted:
        raise Unfit("usage can be taken back with the permission to correct it only")


def _again(intake: Intake, index: int, before: str, now: str) -> None:
    if before == now:
        intake.answer(index, DUPLICATE)
    else:
        intake.refuse(index, Unfit("id: an event of this source and id said otherwise"))


def _make_months(intake: Intake) -> None:
    """Make the partitions that are missing, before anything of this batch is locked."""
    months = {r.at.strftime("%Y-%m-01T00:00Z") for r in intake.readings if r.at}
    if months:
        with planes.cursor() as cursor:
            cursor.execute(MONTHS, [sorted(months)])


def _find_originals(intake: Intake) -> None:
    """Give each correction the place and value of the event that it takes back."""
    backs = {id(r): _original(r) for r in intake.readings if r.weight < 0}
    if not backs:
        return
    rows = [
        (backs[id(r)], r.tenant, r.meter.pk) for r in intake.readings if r.weight < 0
    ]
    with planes.cursor() as cursor:
        cursor.execute(ORIGINALS, [list(column) for column in zip(*rows, strict=True)])
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    kept = []
    for reading in intake.readings:
        if reading.weight < 0:
            original = found.get(_original(reading))
            if original is None:
                why = "cancels: there is no such event of this source and meter"
                intake.refuse(reading.index, Unfit(why))
                continue
            reading.at, reading.cancels, value, reading.key, batch = original
            reading.value = -value
            if reading.meter.how not in SUMS:
                intake.unsettled.add(batch)
        kept.append(reading)
    intake.readings = kept


def _original(reading: Reading) -> str:
    sent = reading.sent
    return events.identity(reading.tenant, sent["source"], sent["cancels"])


def _claim(intake: Intake) -> None:
    """Keep what was never sent, and what nobody took back before."""
    backs = _first_back(intake)
    by_digest = {reading.digest: reading for reading in intake.readings}
    marks = {undone(_original(r)): r for r in backs}
    # Marks first: who waits for another one's mark has claimed no name yet.
    if _insert([(mark, r.digest, r.at) for mark, r in marks.items()]) != marks.keys():
        raise Conflict
    new = _insert([(r.digest, r.content, r.at) for r in intake.readings])
    if any(r.digest not in new for r in backs):
        raise Conflict
    for digest, content in _known(by_digest.keys() - new).items():
        _again(intake, by_digest[digest].index, content, by_digest[digest].content)
    intake.readings = [r for r in intake.readings if r.digest in new]


def _first_back(intake: Intake) -> list[Reading]:
    """What takes back an event that still stands; the others are answered here."""
    asked = [r for r in intake.readings if r.weight < 0]
    marks = {undone(_original(r)) for r in asked}
    known = _known(marks | {r.digest for r in asked})
    first: dict[str, Reading] = {}
    for reading in asked:
        mark = undone(_original(reading))
        if reading.digest in known:
            _again(intake, reading.index, known[reading.digest], reading.content)
        elif mark in known or mark in first:
            intake.refuse(reading.index, Unfit("cancels: it was taken back before"))
        else:
            first[mark] = reading
    backs = list(first.values())
    kept = {reading.index for reading in backs}
    intake.readings = [r for r in intake.readings if r.weight > 0 or r.index in kept]
    return backs


def _insert(keys: Sequence[tuple[str, str, datetime | None]]) -> set[str]:
    """Those of the keys that were not there."""
    if not keys:
        return set()
    digests, contents, moments = zip(*keys, strict=True)
    stamps = " ".join(at.isoformat() for at in moments)
    with planes.cursor() as cursor:
        cursor.execute(CLAIM, [" ".join(digests), " ".join(contents), stamps])
        return {digest for (digest,) in cursor.fetchall()}


def _known(digests: set[str]) -> dict[str, str]:
    if not digests:
        return {}
    with planes.cursor() as cursor:
        cursor.execute(KNOWN, [" ".join(digests)])
        return dict(cursor.fetchall())


def _batch(intake: Intake, sent: list[Any], actor: Actor) -> UsageBatch:
    became = [answer["status"] for answer in intake.answers.values()]
    batch = UsageBatch.objects.create(
        sender=actor.id[:80],
        digest=audit.digest_of(sent),
        accepted=became.count(ACCEPTED),
        duplicates=became.count(DUPLICATE),
        refused=became.count(REFUSED),
        rolled_at=None if intake.readings else clock.now(),
    )
    tenants = {reading.sent["tenant"] for reading in intake.readings}
    batch.concerned = tenants.pop() if len(tenants) == 1 else ""
    return batch


def _copy(readings: list[Reading], batch: UsageBatch) -> None:
    with planes.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write("".join(_line(r, batch.pk) for r in readings).encode())


def _line(r: Reading, batch: int) -> str:
    """One line of COPY's text form. Words hold no control character."""
    fields = (
        str(r.tenant),
        str(r.meter.pk),
        str(batch),
        str(r.at),
        f"{r.value:f}",
        escaped(r.key),
        str(r.weight),
        "\\N" if r.cancels is None else str(r.cancels),
        r.digest,
        escaped(r.sent["source"]),
        escaped(r.sent["id"]),
        escaped(r.properties),
    )
    return "\t".join(fields) + "\n"


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\")
