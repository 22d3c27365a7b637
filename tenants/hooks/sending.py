"""One attempt: the message is signed, posted and settled; nobody is believed."""

from __future__ import annotations

import re
import time
from datetime import timedelta

from django.utils import timezone

from paybill_site.kernel import actors, web, webhooks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.redaction import redact
from tenants.hooks import addresses, queue
from tenants.hooks.actions import UnplugEndpoint, UnplugInput
from tenants.hooks.queue import Heard
from tenants.models import WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, Unplugged

SECONDS = 15.0
LIMIT, SHOWN = 256 * 1024, 300  # bytes that are read, characters that are kept
PATIENCE = timedelta(days=5)  # without one good answer, then it is disabled
UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\u024f]+")
SENDER = actors.system(
    "webhooks", "tenants.view_webhookendpoint", "tenants.unplug_webhookendpoint"
)


def send_next() -> bool:
    """Make one attempt at whatever is due; False when nothing is."""
    message = queue.claim()
    if message is None:
        return False
    heard = attempt(message)
    queue.settle(message, heard)
    if not heard.good:
        _unplug(message.endpoint, heard)
    return True


def attempt(message: WebhookMessage) -> Heard:
    """Post a message to its endpoint; whatever happens is heard, nothing is raised."""
    started = time.monotonic()
    try:
        answer = _post(message)
    except (web.Refused, web.Unreachable) as silence:
        return Heard(None, _since(started), silence.detail[:SHOWN])
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Heard(
        answer.status,
        _since(started),
        shown(answer.body),
        headers.get("retry-after", "")[:100],
    )


def _post(message: WebhookMessage) -> web.Answer:
    endpoint = message.endpoint
    keys = webhooks.good(
        endpoint.secret, endpoint.former_secret, endpoint.former_until, timezone.now()
    )
    return webhooks.send(
        addresses.target_of(endpoint.url),
        message.public_id,
        message.body.encode(),
        keys,
        limit=LIMIT,
        timeout=SECONDS,
    )


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def shown(body: bytes) -> str:
    """How an answer begins, on one line and without what looks like a secret."""
    text = redact(body[: SHOWN * 4].decode(errors="replace"))
    return UNPRINTABLE.sub(" ", text).strip()[:SHOWN]


def _unplug(endpoint: WebhookEndpoint, heard: Heard) -> None:
    """Disable who says it is gone, or did not answer well for days."""
    endpoint.refresh_from_db()
    if endpoint.state != EndpointState.ENABLED:
        return
    since = endpoint.failing_since
    tired = since is not None and since < timezone.now() - PATIENCE
    if heard.gone or tired:
        because = Unplugged.GONE if heard.gone else Unplugged.FAILING
        data = UnplugInput(because=because)
        perform(UnplugEndpoint, endpoint, data, actor=SENDER)
