"""The keys that sign licences, and how a plane comes to trust a new one.

``PAYBILL_LICENCE_KEY`` holds one or more Ed25519 private keys (PEM, one after the
other), the newest first: it signs, the others only verify. On a server of its own
``PAYBILL_LICENCE_PUBLIC_KEY`` holds their public halves: its anchors, which nobody
changes from outside. To rotate:

1. A new key is put first and the processes restart. Each licence from now on carries a
   chain: for every older key of the ring one statement, signed by it, that names the
   key that came after. Who trusts any key of the ring so believes the newest one.
2. A plane keeps the chain beside the licence, so that it goes on to believe when the
   old key is gone from the ring.
3. The old key is taken away when the last licence that it signed has expired: after
   ``licences.LIFETIME + licences.GRACE``.

A key that got lost to somebody else is not rotated but replaced: the new one stands
alone. Planes on shared databases follow at the restart; a server of its own believes
what the lost key signs until its anchors are handed over anew, by a run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings

from paybill_site.kernel.crypto import is_signed_by
from paybill_site.kernel.errors import Invalid

ALGORITHM, ISSUER, STATEMENT = "EdDSA", "paybill", "paybill.licence-key"
LONGEST_CHAIN = 16
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)

type Keys = Mapping[str, Ed25519PublicKey]


class NotGenuine(Invalid):
    """This was not signed by a key that is trusted here, or it was changed since."""


def kid(key: Ed25519PublicKey) -> str:
    """The name of a key: its thumbprint (RFC 7638)."""
    canonical = json.dumps(_members(key), separators=(",", ":"), sort_keys=True)
    return _text(hashlib.sha256(canonical.encode()).digest())


def sign(claims: Mapping[str, Any]) -> str:
    """A token signed by the newest key, with the chain of those before it."""
    ring = _private_ring(str(settings.PAYBILL_KEYS["licence"]))
    return _signed(ring[0], claims, chain(ring))


def chain(ring: tuple[Ed25519PrivateKey, ...]) -> list[str]:
    """A statement by each older key about the one that came after it."""
    pairs = zip(ring[1:], ring, strict=False)
    return [_statement(old, newer.public_key()) for old, newer in pairs]


def _statement(by: Ed25519PrivateKey, about: Ed25519PublicKey) -> str:
    claims = {"iss": ISSUER, "aud": STATEMENT, "key": _members(about)}
    return _signed(by, claims, [])


def _signed(
    key: Ed25519PrivateKey, claims: Mapping[str, Any], statements: list[str]
) -> str:
    headers: dict[str, Any] = {"kid": kid(key.public_key())}
    if statements:
        headers["chain"] = statements
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers=headers)


def opened(token: str, keys: Keys) -> dict[str, Any]:
    """The claims of a token that one of the keys signed. Raises NotGenuine."""
    signed, _, signature = token.rpartition(".")
    header = _part(signed.partition(".")[0])
    key = keys.get(str(header.get("kid")))
    if header.get("alg") != ALGORITHM:
        raise NotGenuine("this is no signed licence")
    if key is None:
        raise NotGenuine("this was signed by a key that is not trusted here")
    if not is_signed_by(key, signed.encode(), _bytes(signature)):
        raise NotGenuine("this was changed after it was signed")
    return _part(signed.partition(".")[2])


def unbelieved(token: str) -> dict[str, Any]:
    """The claims of a token that nobody checked. Raises NotGenuine when it is none."""
    return _part(token.rpartition(".")[0].partition(".")[2])


def kid_of(token: str) -> str:
    """Name of the key that a token says to be signed by."""
    return str(_part(token.partition(".")[0]).get("kid"))


def statements_of(token: str) -> list[str]:
    """The chain that a token brings; nothing of it is believed yet."""
    found = _part(token.partition(".")[0]).get("chain", [])
    if not isinstance(found, list) or len(found) > LONGEST_CHAIN:
        raise NotGenuine("this carries a chain that is none")
    return [str(each) for each in found]


def trusted(statements: Iterable[str] = ()) -> dict[str, Ed25519PublicKey]:
    """The anchors, and every key that a trusted one vouches for, by name."""
    keys = {kid(key): key for key in anchors()}
    waiting, before = list(statements), -1
    while len(keys) > before:  # in whichever order the chain comes
        before = len(keys)
        for statement in waiting:
            keys |= _vouched(statement, keys)
    return keys


def believed(statements: Iterable[str]) -> list[str]:
    """Those statements that a trusted key made, each once: what a plane keeps."""
    once = list(dict.fromkeys(statements))
    keys = trusted(once)
    return [each for each in once if _vouched(each, keys)][:LONGEST_CHAIN]


def _vouched(statement: str, keys: Keys) -> dict[str, Ed25519PublicKey]:
    """The key that a trusted one vouches for, or none; a licence is no such word."""
    try:
        claims = opened(statement, keys)
        if (claims.get("iss"), claims.get("aud")) != (ISSUER, STATEMENT):
            return {}
        about = Ed25519PublicKey.from_public_bytes(_bytes(claims["key"]["x"]))
    except (NotGenuine, KeyError, TypeError, ValueError):
        return {}
    return {kid(about): about}


def anchors() -> tuple[Ed25519PublicKey, ...]:
    """The keys that this installation, or this server, was started with."""
    return _public_ring(str(settings.PAYBILL_KEYS["licence_public"]))


def published() -> dict[str, Any]:
    """The public halves as a JSON Web Key Set (RFC 7517, RFC 8037), newest first."""
    return {
        "keys": [
            {**_members(key), "kid": kid(key), "use": "sig", "alg": ALGORITHM}
            for key in anchors()
        ]
    }


def from_key_set(text: str | bytes) -> dict[str, Ed25519PublicKey]:
    """The keys of a published set, by name. Raises NotGenuine when it is none."""
    try:
        found = [_bytes(each["x"]) for each in json.loads(text)["keys"]]
        keys = [Ed25519PublicKey.from_public_bytes(raw) for raw in found]
    except (ValueError, KeyError, TypeError) as error:
        raise NotGenuine("this is no key set") from error
    return {kid(key): key for key in keys}


@cache
def _private_ring(pems: str) -> tuple[Ed25519PrivateKey, ...]:
    loaded = [load_pem_private_key(pem.encode(), None) for pem in _PEM.findall(pems)]
    return tuple(cast(list[Ed25519PrivateKey], loaded))


@cache
def _public_ring(pems: str) -> tuple[Ed25519PublicKey, ...]:
    loaded = [load_pem_public_key(pem.encode()) for pem in _PEM.findall(pems)]
    return tuple(cast(list[Ed25519PublicKey], loaded))


def _members(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes_raw())}


def _part(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text))
    except (ValueError, RecursionError) as error:
        raise NotGenuine("this is no signed licence") from error
    if not isinstance(found, dict):
        raise NotGenuine("this is no signed licence")
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError as error:
        raise NotGenuine("this is no signed licence") from error
