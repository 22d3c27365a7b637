"""What a message says, and to whom it is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from paybill_site.kernel import planes
from paybill_site.kernel.errors import PaybillError
from tenants.hooks import queue
from tenants.hooks.catalogue import Fact

LONGEST = 20_000  # bytes, as Standard Webhooks advises


class TooLong(PaybillError):
    """What is told of an event is longer than a webhook may be."""


def tell(name: str, fact: Fact, at: datetime, key: str) -> int:
    """Write a message for each endpoint that listens; return how many those are.

    ``at``: when it happened; ``key``: what caused it, so that nobody is told twice.
    Raises TooLong.
    """
    listening = queue.listening(fact.account, name)
    if listening:
        text = body(name, fact, at)
        with planes.atomic():
            queue.write(listening, name, text, key)
    return len(listening)


def body(name: str, fact: Fact, at: datetime) -> str:
    """The JSON of a message. Raises TooLong."""
    text = json.dumps(
        {
            "type": name,
            "timestamp": at.astimezone(UTC).isoformat(),
            "data": fact.model_dump(mode="json"),
        }
    )
    if len(text.encode()) > LONGEST:
        raise TooLong
    return text
