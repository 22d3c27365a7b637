"""Published cases that are no rating: signatures of licences and webhooks, retries.

As the adapters of ``rating.vectors``: they rename and convert, and what answers is
what verifies and signs in the product.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from billing.gateways.contract import Forged
from billing.gateways.stripe import webhooks as stripe
from billing.rating.vectors import cases
from billing.rating.vectors.cases import Answers
from billing.rating.vectors.reading import Answer, Given, maybe_seconds
from paybill_site.kernel import webhooks
from paybill_site.kernel.crypto import is_signed_by


def licence(given: Given) -> Answer:
    if given["scheme"] != "ED25519_SIGN":
        raise LookupError(f"no scheme {given['scheme']!r}")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(given["public_key_hex"]))
    signed, _, signature = given["key"].rpartition(".")
    if not is_signed_by(public, signed.encode(), urlsafe_b64decode(signature)):
        return {"valid": False}
    claims = json.loads(urlsafe_b64decode(signed.partition("/")[2]))
    return {"valid": True, "expiry": claims["license"]["expiry"]}


def webhook(given: Given) -> Answer:
    known = [
        check for name, check in SCHEMES.items() if name in given["scheme"].lower()
    ]
    if not known:
        raise LookupError(f"no scheme {given['scheme']!r}")
    return known[0](given)


def retries(given: Given) -> Answer:
    return {"delays": list(webhooks.SCHEDULE), "cumulative": webhooks.times()}


def _stripe(given: Given) -> Answer:
    secret, body = given["secret"], given["body"].encode()
    header = given["header"] if "header" in given else _stripe_header(given)
    tolerance = given.get("tolerance_s")
    try:
        stripe.check(header, body, [secret], tolerance and int(tolerance))
    except Forged as forged:
        return {"accept": False, "why": forged.detail, "header": header}
    return {"accept": True, "header": header}


def _stripe_header(given: Given) -> str:
    at = int(given["timestamp"])
    signature = stripe.signature(given["secret"], at, given["body"].encode())
    return f"t={at},v1={signature}"


def _standard(given: Given) -> Answer:
    body, keys = given["body"].encode(), [given["secret"]]
    name, at = given["id"], int(given["timestamp"])
    signed = webhooks.headers(name, at, body, keys)
    shown = given.get("header") or signed["webhook-signature"]
    try:
        webhooks.verify(
            {**signed, "webhook-signature": shown},
            body,
            keys,
            now=datetime.now(UTC),
            tolerance=maybe_seconds(given.get("tolerance_s")),
        )
    except webhooks.Forged as forged:
        return {"accept": False, "why": forged.detail, "header": shown}
    return {"accept": True, "header": shown}


SCHEMES: dict[str, Callable[[Given], Answer]] = {
    "stripe": _stripe,
    "standard": _standard,
    "v1": _standard,
}
ANSWERS: Answers = {
    **cases.ANSWERS,
    ("licence_signature", "-"): licence,
    ("webhook_signature", "-"): webhook,
    ("webhook_retry", "delays_after_failure"): retries,
}
