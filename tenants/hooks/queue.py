"""Messages on their way: written, claimed, settled. The rows are the only truth.

As the kernel's outbox, this is machinery: the event was audited where it happened, and
what is done here leaves rows of its own, the attempts.

1. ``write`` makes one message for each endpoint that listens; under the same key (the
   delivery of the event) none is made twice.
2. ``claim`` takes one message that is due, for ``LEASE``. An endpoint has ``MOST`` at
   once, so who is slow holds up nobody else; what was never tried goes first.
3. ``settle`` writes down how it went, unless the lease ran out meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from paybill_site.kernel import planes, webhooks
from tenants.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, MessageState

MOST = 2  # at once to one endpoint
LEASE = timedelta(minutes=1)  # longer than an attempt can take

WAITS = """
m.state = 'pending' AND m.next_at <= clock_timestamp()
AND (m.claimed_until IS NULL OR m.claimed_until < clock_timestamp())
"""
ROOM = """
(SELECT count(*) FROM tenants_webhookmessage x WHERE x.endpoint_id = e.id
   AND x.state = 'pending' AND x.claimed_until >= clock_timestamp()) < %(most)s
"""
LISTENS = """
e.state = 'enabled' AND (e.not_before IS NULL OR e.not_before <= clock_timestamp())
"""
# The row of the endpoint is locked, so that two who claim do not both find room.
NEXT_ENDPOINT = f"""
SELECT e.id FROM tenants_webhookendpoint e
JOIN LATERAL (SELECT m.failures, m.next_at FROM tenants_webhookmessage m
              WHERE m.endpoint_id = e.id AND {WAITS}
              ORDER BY m.failures, m.next_at LIMIT 1) first ON true
WHERE {LISTENS} AND {ROOM}
ORDER BY first.failures, first.next_at LIMIT 1 FOR NO KEY UPDATE OF e
"""  # noqa: S608 - put together from constants
CLAIM = f"""
UPDATE tenants_webhookmessage
SET claimed_until = clock_timestamp() + %(lease)s, attempts = attempts + 1
WHERE id = (SELECT m.id FROM tenants_webhookmessage m
            JOIN tenants_webhookendpoint e ON e.id = m.endpoint_id
            WHERE e.id = %(endpoint)s AND {WAITS} AND {LISTENS} AND {ROOM}
            ORDER BY m.failures, m.next_at, m.id LIMIT 1)
RETURNING id
"""  # noqa: S608 - put together from constants
DUE = f"""
SELECT least(count(*), %(most)s) FROM tenants_webhookmessage m
JOIN tenants_webhookendpoint e ON e.id = m.endpoint_id
WHERE {WAITS} AND {LISTENS} AND {ROOM} GROUP BY e.id
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back from an attempt; a ``status`` of None is no answer at all."""

    status: int | None
    milliseconds: int
    said: str = ""
    retry_after: str = ""

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


def write(endpoints: Iterable[WebhookEndpoint], kind: str, body: str, key: str) -> None:
    """Make the messages; the same key again makes none."""
    WebhookMessage.objects.bulk_create(
        [
            WebhookMessage(endpoint=endpoint, type=kind, body=body, key=key)
            for endpoint in endpoints
        ],
        ignore_conflicts=True,
    )


def claim() -> WebhookMessage | None:
    """Take the next message that is due and whose endpoint has room, or None."""
    with planes.atomic(), planes.cursor() as cursor:
        cursor.execute(NEXT_ENDPOINT, {"most": MOST})
        found = cursor.fetchone()
        if found is None:
            return None
        given = {"lease": LEASE, "endpoint": found[0], "most": MOST}
        cursor.execute(CLAIM, given)
        taken = cursor.fetchone()
    if taken is None:
        return None
    return WebhookMessage.objects.select_related("endpoint").get(pk=taken[0])


def due() -> int:
    """How many messages could be sent at this moment."""
    with planes.cursor() as cursor:
        cursor.execute(DUE, {"most": MOST})
        return sum(count for (count,) in cursor.fetchall())


def settle(message: WebhookMessage, heard: Heard) -> bool:
    """Write down an attempt; False where another has the message by now."""
    now = timezone.now()
    with planes.atomic():
        WebhookAttempt.objects.create(
            message=message,
            number=message.attempts,
            status=heard.status,
            milliseconds=heard.milliseconds,
            said=heard.said,
        )
        rows = WebhookMessage.objects.filter(
            pk=message.pk,
            state=MessageState.PENDING,
            claimed_until=message.claimed_until,
        )
        if heard.good:
            _answers(message.endpoint)
            settled = {"state": MessageState.DELIVERED, "settled_at": now}
            return bool(rows.update(claimed_until=None, **settled))
        _fails(message.endpoint, heard, now)
        return bool(rows.update(claimed_until=None, **_later(message, heard, now)))


def _later(
    message: WebhookMessage, heard: Heard, now: datetime
) -> dict[str, int | str | datetime]:
    failures = message.failures + 1
    again = webhooks.again(failures, heard.retry_after, now)
    if again is None or heard.gone:
        return {"failures": failures, "state": MessageState.FAILED, "settled_at": now}
    return {"failures": failures, "next_at": again}


def _answers(endpoint: WebhookEndpoint) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.exclude(failing_since=None, not_before=None).update(
        failing_since=None, not_before=None
    )


def _fails(endpoint: WebhookEndpoint, heard: Heard, now: datetime) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    asked = webhooks.retry_after(heard.retry_after, now)
    if asked:
        rows.update(not_before=now + asked)


def give_up(endpoint: WebhookEndpoint) -> None:
    """End what waits for an endpoint: it can be sent again by hand, later."""
    waiting = endpoint.messages.filter(state=MessageState.PENDING)
    waiting.update(
        state=MessageState.FAILED, settled_at=timezone.now(), claimed_until=None
    )


def again(messages: QuerySet[WebhookMessage]) -> int:
    """Let messages begin from the first attempt, under the ids that they have."""
    return messages.update(
        state=MessageState.PENDING,
        failures=0,
        next_at=timezone.now(),
        claimed_until=None,
        settled_at=None,
    )


def listening(account: str, kind: str) -> list[WebhookEndpoint]:
    """The endpoints of an account that are told of this type."""
    enabled = WebhookEndpoint.objects.filter(
        account__public_id=account, state=EndpointState.ENABLED
    )
    return [row for row in enabled if {kind, "*"} & set(row.types)]
