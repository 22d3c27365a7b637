"""Secrets at rest: envelope encryption with key rotation, and signatures.

Every value has a data key of its own, wrapped by the newest key-encryption key
(AES-256-GCM both times). Rotating wraps the data keys anew and leaves the values
alone. ``settings.PAYBILL_KEYS["data"]`` lists base64 keys, newest first.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from functools import cache
from typing import Any, cast

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from paybill_site.kernel.redaction import redact as redact  # noqa: PLC0414 - found here by name

VERSION, KID, NONCE, WRAPPED = b"\x01", 8, 12, 48
HEAD = len(VERSION) + KID + NONCE + WRAPPED


class Unreadable(Exception):
    """The value was sealed under a key that is not here, or it was altered."""


@cache
def _ring(keys: tuple[str, ...]) -> dict[bytes, bytes]:
    raw = [base64.b64decode(key) for key in keys]
    return {hashlib.sha256(key).digest()[:KID]: key for key in raw}


def _keys() -> dict[bytes, bytes]:
    return _ring(tuple(settings.PAYBILL_KEYS["data"]))


def seal(plain: bytes, label: str) -> bytes:
    """Encrypt; ``label`` (such as ``provisioning.run.plan``) is authenticated too."""
    kid, key = next(iter(_keys().items()))
    data_key = secrets.token_bytes(32)
    outer, inner = secrets.token_bytes(NONCE), secrets.token_bytes(NONCE)
    wrapped = AESGCM(key).encrypt(outer, data_key, kid)
    body = AESGCM(data_key).encrypt(inner, plain, label.encode())
    return VERSION + kid + outer + wrapped + inner + body


def _unwrap(sealed: bytes) -> bytes:
    kid = sealed[1 : 1 + KID]
    outer = sealed[1 + KID : 1 + KID + NONCE]
    if sealed[:1] != VERSION or len(sealed) < HEAD + NONCE:
        raise Unreadable(Unreadable.__doc__)
    try:
        return AESGCM(_keys()[kid]).decrypt(outer, sealed[HEAD - WRAPPED : HEAD], kid)
    except (KeyError, InvalidTag) as error:
        raise Unreadable(Unreadable.__doc__) from error


def unseal(sealed: bytes, label: str) -> bytes:
    """Decrypt what ``seal`` made. Raises Unreadable."""
    inner = sealed[HEAD : HEAD + NONCE]
    try:
        return AESGCM(_unwrap(sealed)).decrypt(
            inner, sealed[HEAD + NONCE :], label.encode()
        )
    except InvalidTag as error:
        raise Unreadable(Unreadable.__doc__) from error


def newest_mark() -> bytes:
    """How every value starts whose data key is under the newest key."""
    return VERSION + next(iter(_keys()))


def rewrap(sealed: bytes) -> bytes:
    """Return the same value with its data key under the newest key."""
    kid, key = next(iter(_keys().items()))
    if sealed.startswith(newest_mark()):
        return sealed
    outer = secrets.token_bytes(NONCE)
    wrapped = AESGCM(key).encrypt(outer, _unwrap(sealed), kid)
    return VERSION + kid + outer + wrapped + sealed[HEAD:]


class EncryptedBytes(models.BinaryField[Any, Any]):  # text in one kind, bytes in one
    """A column that holds ``seal``-ed bytes; the model sees plain bytes.

    A value is bound to its column's name, not to its row: whoever can write the
    table can swap two values of one column.
    """

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            # The same value is sealed differently every time: nothing would match.
            raise FieldError(f"{self.name} is encrypted: it can not be searched")
        return super().get_lookup(lookup_name)

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_db_prep_value(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        sealed = None if value is None else seal(self.to_plain(value), self.label)
        return super().get_db_prep_value(sealed, *args, **kwargs)

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else unseal(bytes(value), self.label)

    def to_plain(self, value: Any) -> bytes:
        return bytes(value)


class EncryptedText(EncryptedBytes):
    """As EncryptedBytes, for text; so its default is text, unlike a BinaryField's."""

    def _check_str_default_value(self) -> list[Any]:
        return []

    def to_plain(self, value: Any) -> bytes:
        return str(value).encode()

    def from_db_value(self, value: Any, *_: Any) -> Any:
        plain = super().from_db_value(value)
        return None if plain is None else plain.decode()


@cache
def _private(pem: str) -> Ed25519PrivateKey:
    return cast(Ed25519PrivateKey, load_pem_private_key(pem.encode(), None))


@cache
def _public(pem: str) -> Ed25519PublicKey:
    return cast(Ed25519PublicKey, load_pem_public_key(pem.encode()))


def private_key(name: str) -> Ed25519PrivateKey:
    """The Ed25519 key ``entry`` or ``audit``; licences have a ring of their own."""
    return _private(settings.PAYBILL_KEYS[name])


def public_key(name: str) -> Ed25519PublicKey:
    """The public half; a tenant plane of its own holds nothing else."""
    pem = settings.PAYBILL_KEYS.get(f"{name}_public")
    return _public(pem) if pem else private_key(name).public_key()


def is_signed_by(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the signature (Ed25519, RFC 8032) is the key's, of just this message."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def named(key: Ed25519PublicKey) -> str:
    """A public key as text (base64 of its 32 bytes), to be told and compared."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def token_digest(token: str) -> str:
    """SHA-256 of a bearer token: tokens have 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
