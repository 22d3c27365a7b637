"""Webhooks as Standard Webhooks 1.0.0 has them: signed, verified, told again.

Used for what products are told of their tenants and for what customers are told of
their accounts. A secret is ``whsec_`` and the base64 of 24 to 64 random bytes. What is
signed is ``id.timestamp.body``; the header lists a signature for each secret that is
good, so that a receiver can change over. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import accumulate

from paybill_site.kernel import web
from paybill_site.kernel.errors import PaybillError

PREFIX = "whsec_"
VERSION = "v1"
OVERLAP = timedelta(days=1)  # how long a former secret signs beside the new one
TOLERANCE = timedelta(minutes=5)  # between the sender's clock and the receiver's
# Before each attempt, counted from the failure before it: the specification's example.
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
JITTER = 0.1  # of a delay, at most, is added: those who failed together come apart
LONGEST_WAIT = timedelta(days=1)  # a receiver can not ask for more


class Forged(PaybillError):
    """This webhook was not signed with a secret that is good here, or not just now."""

    status = 401


def new_secret() -> str:
    """A fresh secret: 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def good(secret: str, former: str, until: datetime | None, now: datetime) -> list[str]:
    """The secrets that sign now: the present one, and for a while the former one."""
    return [secret, former] if until is not None and until > now else [secret]


def send(
    url: str | web.Target,
    name: str,
    body: bytes,
    keys: Iterable[str],
    *,
    limit: int,
    timeout: float,
) -> web.Answer:
    """Sign JSON now and post it; any status is an answer.

    ``timeout`` in seconds, ``limit`` in bytes. Raises Refused or Unreachable.
    """
    signed = headers(name, int(time.time()), body, keys)
    return web.call(
        "POST",
        url,
        headers={"Content-Type": "application/json", **signed},
        body=body,
        limit=limit,
        timeout=timeout,
    )


def headers(
    name: str, timestamp: int, body: bytes, keys: Iterable[str]
) -> dict[str, str]:
    """The three headers of a webhook; ``timestamp`` in seconds since 1970."""
    signed = (signature(key, name, timestamp, body) for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def signature(secret: str, name: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256. Raises ValueError: the secret is none."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    content = f"{name}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def verify(
    given: Mapping[str, str],
    body: bytes,
    keys: Iterable[str],
    *,
    now: datetime,
    tolerance: timedelta | None = TOLERANCE,
) -> None:
    """Check the headers of a webhook against its raw body. Raises Forged, and why.

    ``given``: the headers by their names in small letters; ``tolerance`` of None lets
    any age through.
    """
    name = given.get("webhook-id", "")
    sent = given.get("webhook-timestamp", "")
    if not name or not (sent.isascii() and sent.isdigit() and len(sent) < 12):
        raise Forged("the headers webhook-id and webhook-timestamp are missing")
    age = abs(int(now.timestamp()) - int(sent))
    if tolerance is not None and age > tolerance.total_seconds():
        raise Forged("the timestamp is too far from now")
    shown = given.get("webhook-signature", "").split()
    good = [_signature_or_none(key, name, int(sent), body) for key in keys]
    if not any(
        hmac.compare_digest(one.encode(), other.encode())
        for one in shown
        for other in good
        if other
    ):
        raise Forged("no signature is that of a secret that is good here")


def _signature_or_none(secret: str, name: str, timestamp: int, body: bytes) -> str:
    try:
        return signature(secret, name, timestamp, body)
    except (binascii.Error, ValueError):
        return ""


def delay_before(attempt: int, *, jitter: float = 0.0) -> timedelta | None:
    """How long to wait before an attempt (1 is the first); None: it is given up.

    ``jitter`` from 0 to 1 says how much of what may be added is added.
    """
    if attempt > len(SCHEDULE):
        return None
    return SCHEDULE[attempt - 1] * (1 + JITTER * jitter)


def times() -> list[timedelta]:
    """When each attempt is made at the earliest, counted from the first one."""
    return list(accumulate(SCHEDULE))


def again(failures: int, said: str, now: datetime) -> datetime | None:
    """When to try again after so many failures; None: not any more.

    ``said`` is the receiver's Retry-After header, or "". It can only put the next
    attempt later, by a day at most.
    """
    delay = delay_before(failures + 1, jitter=random.random())  # noqa: S311 - no secret
    if delay is None:
        return None
    return now + max(delay, retry_after(said, now))


def retry_after(said: str, now: datetime) -> timedelta:
    """What a Retry-After header asks for (seconds or a date); nothing if unreadable."""
    if said.isascii() and said.isdigit() and len(said) < 10:
        asked = timedelta(seconds=int(said))
    else:
        asked = _until(said, now)
    return min(max(asked, timedelta()), LONGEST_WAIT)


def _until(said: str, now: datetime) -> timedelta:
    try:
        date = parsedate_to_datetime(said)
    except (TypeError, ValueError, IndexError, OverflowError):
        return timedelta()
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
