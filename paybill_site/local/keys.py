"""Keys and passwords of the embedded mode: made once, kept in `.local/keys`, 0600.

python -m paybill_site.local.keys      prints fresh ones for production
"""

from __future__ import annotations

import base64
import secrets
import shlex
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from paybill_site.local.places import Places, create_private, private_directory


def signing_key() -> str:
    """A fresh Ed25519 private key, PEM."""
    return _pem(ed25519.Ed25519PrivateKey.generate())


def identity_key() -> str:
    """A fresh RSA private key, PEM: clouds accept RS256 for OIDC everywhere."""
    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=3072))


def data_key() -> str:
    """A fresh 256-bit key, base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def password() -> str:
    """A fresh random password."""
    return secrets.token_urlsafe(24)


KINDS: dict[str, Callable[[], str]] = {
    "session": lambda: secrets.token_urlsafe(48),
    "data": data_key,
    "licence": signing_key,
    "entry": signing_key,
    "audit": signing_key,
    "oidc": identity_key,
    "postgres": password,
    "paybill_app": password,
    "paybill_provisioner": password,
    "redis": password,
    "simulator": lambda: Fernet.generate_key().decode(),
}


PRODUCTION = {
    "PAYBILL_SECRET_KEY": "session",
    "PAYBILL_DATA_KEYS": "data",
    "PAYBILL_LICENCE_KEY": "licence",
    "PAYBILL_ENTRY_KEY": "entry",
    "PAYBILL_AUDIT_KEY": "audit",
    "PAYBILL_OIDC_KEY": "oidc",
}


def read(places: Places, name: str) -> str:
    """The named key, made at the first call."""
    path = places.keys / name
    try:
        return path.read_text()
    except FileNotFoundError:
        private_directory(places.local)
        private_directory(places.keys)
        create_private(path, KINDS[name]())
        return path.read_text()


def of_unit(places: Places, unit: str, name: str) -> Path:
    """File that holds a further unit's own key, made at the first call.

    The file is the reference that may be passed on; its content never is.
    """
    folder = places.units / unit
    private_directory(places.units)
    private_directory(folder)
    path = folder / name
    if not path.exists():
        create_private(path, KINDS.get(name, password)())
    return path


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def main() -> None:
    """Print a fresh key for each variable of production, as a shell reads it."""
    for variable, kind in PRODUCTION.items():
        print(f"{variable}={shlex.quote(KINDS[kind]().strip())}")  # noqa: T201


if __name__ == "__main__":
    main()
