"""The outbox: events stored with their effect, delivered at least once, in order.

1. ``store`` writes an event and one delivery per handler inside the action.
2. ``drain`` claims one delivery at a time by a conditional UPDATE with a lease. A
   delivery waits while an earlier one of its stream and handler is unsettled or
   dead, so a tenant's events reach a handler in order. What was never tried goes
   before what failed: a mail server that is away holds nobody's tenant up.
3. The handler runs outside any transaction; success settles the row, failure puts
   the next try (5 s doubling to 1 h) or the end on it.
Nothing depends on a message: a sweep finds whatever is due.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from pydantic import ValidationError

from paybill_site.kernel import events, planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.logs import said
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.redaction import redact

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
TRIES = 12

STORE = """
WITH emitted AS (
  SELECT * FROM jsonb_to_recordset(%(events)s::jsonb) AS e(place integer,
    public_id text, name text, payload jsonb, stream text, due timestamptz,
    deliveries jsonb)
), stored AS (
  INSERT INTO kernel_outboxevent (public_id, name, payload, stream, actor)
  SELECT public_id, name, payload, stream, %(actor)s FROM emitted ORDER BY place
  RETURNING id, public_id
), sent AS (
  INSERT INTO kernel_delivery
    (public_id, event_id, handler, stream, state, attempts, next_at, error)
  SELECT d.public_id, stored.id, handler, stream, 'pending', 0,
    coalesce(due, now()), ''
  FROM emitted JOIN stored USING (public_id),
    jsonb_each_text(deliveries) AS d(handler, public_id)
  ORDER BY place, handler
)
SELECT paybill.wake(%(schema)s, min(coalesce(due, now()))) FROM emitted
HAVING %(in_tenant)s
"""

CLAIM = """
UPDATE kernel_delivery
SET claimed_until = clock_timestamp() + %s, attempts = attempts + 1
WHERE id = (
  SELECT d.id FROM kernel_delivery d
  WHERE d.state = 'pending' AND d.next_at <= clock_timestamp()
    AND (d.claimed_until IS NULL OR d.claimed_until < clock_timestamp())
    AND (d.stream = '' OR NOT EXISTS (
      SELECT 1 FROM kernel_delivery e
      WHERE e.handler = d.handler AND e.stream = d.stream AND e.id < d.id
        AND e.state IN ('pending', 'dead')))
  ORDER BY d.attempts, d.next_at, d.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


# What waits for nothing but time; the rest waits for a person or for what is before.
NEXT = """
SELECT min(greatest(d.next_at, d.claimed_until)) FROM kernel_delivery d
WHERE d.state = 'pending' AND (d.stream = '' OR NOT EXISTS (
  SELECT 1 FROM kernel_delivery e
  WHERE e.handler = d.handler AND e.stream = d.stream AND e.id < d.id
    AND e.state IN ('pending', 'dead')))
"""


class Undeliverable(PaybillError):
    """The event can not be delivered."""


class Unknown(PaybillError):
    """This worker does not know the event or its handler; a newer one may."""

    permanent = False


class NeverCameBack(PaybillError):
    """Every worker that ran the handler was killed or forgot to come back."""


def store(emitted: list[events.Event], actor: Actor) -> None:
    """Write the events of an act and the deliveries of their handlers, in order.

    A tenant's plane notes that it has work; the control plane is swept without a note.
    """
    if not emitted:
        return
    schema = planes.here().schema
    in_tenant = schema != planes.CONTROL.schema
    rows = [_row(event, place, in_tenant) for place, event in enumerate(emitted)]
    told = {"events": json.dumps(rows), "actor": actor.id}
    with planes.cursor() as cursor:
        cursor.execute(STORE, {**told, "schema": schema, "in_tenant": in_tenant})


def _row(event: events.Event, place: int, in_tenant: bool) -> dict[str, Any]:
    handlers = events.handlers_of(event, in_tenant=in_tenant)
    return {
        "place": place,
        "public_id": new_id("evt"),
        "name": event.name,
        "payload": event.model_dump(mode="json"),
        "stream": event.stream,
        "due": event.due.isoformat() if event.due else None,
        "deliveries": {handler.name: new_id("dlv") for handler in handlers},
    }


def wake(at: datetime | None = None) -> None:
    """Note that this plane has work; the control plane is swept without a note."""
    if planes.here().schema != planes.CONTROL.schema:
        planes.wake(at)


def drain(limit: int = 200) -> int:
    """Deliver what is due in the plane that is entered; return how many were tried."""
    for tried in range(limit):
        delivery = claim()
        if delivery is None:
            return tried
        deliver(delivery)
    return limit


def claim() -> Delivery | None:
    """Take the next delivery that is due for ``LEASE``, or None."""
    with planes.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE])
        row = cursor.fetchone()
    if row is None:
        return None
    return Delivery.objects.select_related("event").get(pk=row[0])


def deliver(delivery: Delivery) -> None:
    """Run the handler of a claimed delivery and write down how it went."""
    with said(delivery=delivery.public_id):
        try:
            _run(delivery)
        except Exception as error:  # noqa: BLE001 - the worker's edge: nothing may kill the drain
            _fail(delivery, error)
        else:
            _settle(delivery, DeliveryState.DONE)


def _run(delivery: Delivery) -> None:
    if delivery.attempts > TRIES:
        raise NeverCameBack
    handler = events.handlers.get(delivery.handler)
    known = events.registry.get(delivery.event.name)
    if handler is None or known is None:
        raise Unknown
    try:
        event = known.model_validate(delivery.event.payload)
    except ValidationError as error:
        raise Undeliverable(f"the payload does not fit {known.name}") from error
    here = planes.here()
    if handler.where is events.Where.HERE or here.schema == planes.CONTROL.schema:
        handler.run(event, delivery.public_id)
        return
    if not known.from_tenants:
        raise Undeliverable(f"{known.name} is not taken from tenants")
    # The tenant is where the row was read, never what the payload says.
    event = event.model_copy(update={"tenant": here.tenant})
    with planes.plane(planes.CONTROL):
        handler.run(event, delivery.public_id)


def _fail(delivery: Delivery, error: Exception) -> None:
    permanent = isinstance(error, PaybillError) and error.permanent
    shown = redact(f"{type(error).__name__}: {error}")[:2000]
    log.warning(
        "delivery to %s failed: %s", delivery.handler, shown, exc_info=not permanent
    )
    if permanent or delivery.attempts >= TRIES:
        _settle(delivery, DeliveryState.DEAD, error=shown)
        return
    wait = min(FIRST_WAIT * 2 ** (delivery.attempts - 1), LONGEST_WAIT)
    again = timezone.now() + wait
    _mine(delivery).update(next_at=again, claimed_until=None, error=shown)
    wake(again)


def _settle(delivery: Delivery, state: DeliveryState, error: str = "") -> None:
    settled = _mine(delivery).update(
        state=state, settled_at=timezone.now(), claimed_until=None, error=error
    )
    if not settled:  # the lease ran out and somebody else has it: theirs counts
        log.warning("delivery to %s was settled by another", delivery.handler)


def _mine(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        pk=delivery.pk,
        state=DeliveryState.PENDING,
        claimed_until=delivery.claimed_until,
    )


def next_due() -> datetime | None:
    """When the next delivery of this plane can be claimed, or None."""
    with planes.cursor() as cursor:
        cursor.execute(NEXT)
        due: datetime | None = cursor.fetchone()[0]
    return due
