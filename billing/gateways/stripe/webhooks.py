"""What Stripe tells: signed over the raw body, good for five minutes.

Source: Stripe's page "Check the webhook signatures": HMAC-SHA256 of ``t.body`` under
the endpoint's secret, any one ``v1`` of the header may match (while a secret is being
replaced there are two, on either side).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from billing.gateways.contract import Forged, Notice, Subject
from paybill_site.kernel.errors import PaybillError

TOLERANCE = 300
HEADER = "Stripe-Signature"
MOST = 20  # parts of a header that are looked at
# By the object's own type: names of events differ between versions of the API.
SUBJECTS = {
    "payment_intent": Subject.PAYMENT,
    "refund": Subject.REFUND,
    "dispute": Subject.DISPUTE,
    "checkout.session": Subject.SETUP,
    "payment_method": Subject.METHOD,
}


def verify(body: bytes, headers: Mapping[str, str]) -> Notice:
    """The notice in a body that Stripe signed, and not long ago. Raises Forged."""
    check(headers.get(HEADER, ""), body, settings.PAYBILL_STRIPE_WEBHOOK_SECRETS)
    return _notice(body)


def check(
    header: str, body: bytes, secrets: Sequence[str], tolerance: int | None = TOLERANCE
) -> None:
    """Whether one of the secrets signed the body, lately. Raises Forged, and why.

    ``tolerance`` in seconds; None lets any age through.
    """
    at, signatures = _parts(header)
    wanted = [signature(secret, at, body).encode() for secret in secrets]
    # Each against each, without stopping at the first: nothing to measure.
    matches = [hmac.compare_digest(w, s) for w in wanted for s in signatures]
    if not any(matches):
        raise Forged("the signature does not fit")
    # The time of signing is the world's, not that of billing's clock.
    if tolerance is not None and abs(time.time() - at) > tolerance:
        raise Forged("this was signed too long ago")


def signature(secret: str, at: int, body: bytes) -> str:
    """What stands behind ``v1=`` for a body that was signed at a second."""
    return hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()


def _parts(header: str) -> tuple[int, list[bytes]]:
    pairs = [part.partition("=") for part in header.split(",")[:MOST]]
    times = [value for name, _, value in pairs if name.strip() == "t"]
    signatures = [v.strip().encode() for n, _, v in pairs if n.strip() == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        raise Forged("the signature names no time")
    if not signatures:
        raise Forged("there is no v1 signature")
    return int(times[0][:15]), signatures


def _notice(body: bytes) -> Notice:
    try:
        event: Any = json.loads(body)
        about: Any = event["data"]["object"]
        return Notice(
            event=event["id"],
            kind=event["type"],
            subject=SUBJECTS.get(about.get("object", ""), Subject.OTHER),
            reference=str(about.get("id") or ""),
            version=event.get("api_version") or "",
        )
    except PaybillError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Forged("this is no event of Stripe") from error
