"""Signatures of webhooks, as Standard Webhooks 1.0.0 has them (standardwebhooks.com).

A secret is ``whsec_`` and the base64 of 32 random bytes. What is signed is
``id.timestamp.body``; the header lists a signature for each secret that is good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret: 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(
    name: str, timestamp: int, body: bytes, keys: Iterable[str]
) -> dict[str, str]:
    """The three headers of a webhook; ``timestamp`` in seconds since 1970."""
    signed = (_signature(key, name, timestamp, body) for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def _signature(secret: str, name: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{name}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
