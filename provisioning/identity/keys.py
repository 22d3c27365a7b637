"""The issuer's keys: the first one signs, all are published.

``PAYBILL_OIDC_KEY`` holds one or more RSA private keys (PEM, one after the other). To
rotate: append the new key and restart, so that clouds learn it; a day later put it
first; take the old one away when the last token that it signed is dead.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALGORITHM = "RS256"
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key and its name, the thumbprint of RFC 7638."""

    private: RSAPrivateKey
    kid: str

    @property
    def public(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517)."""
        return {
            **_members(self.private),
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


def ring() -> tuple[Key, ...]:
    """All keys, the one that signs first. Raises ImproperlyConfigured."""
    return _ring(str(settings.PAYBILL_KEYS["oidc"]))


@cache
def _ring(pems: str) -> tuple[Key, ...]:
    loaded = [load_pem_private_key(pem.encode(), None) for pem in _PEM.findall(pems)]
    if not loaded or not all(isinstance(key, RSAPrivateKey) for key in loaded):
        raise ImproperlyConfigured(
            "PAYBILL_OIDC_KEY: RSA private keys (PEM) are needed"
        )
    private = cast(list[RSAPrivateKey], loaded)
    return tuple(Key(key, _thumbprint(key)) for key in private)


def _members(private: RSAPrivateKey) -> dict[str, str]:
    """The members that a thumbprint is taken of, in their order (RFC 7638, 3.2)."""
    numbers = private.public_key().public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def _thumbprint(private: RSAPrivateKey) -> str:
    canonical = json.dumps(_members(private), separators=(",", ":"))
    return _text(hashlib.sha256(canonical.encode()).digest())


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def published() -> dict[str, Any]:
    """The key set as the clouds fetch it."""
    return {"keys": [key.public for key in ring()]}
