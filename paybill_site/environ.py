"""Readers of the environment, and what each mode needs from it.

Every value can also come from a file: NAME_FILE names a file that holds NAME.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

REQUIRED = {
    "DATABASE_URL": "postgresql://paybill_app:...@host/database",
    "REDIS_URL": "redis://... or rediss://..., for messages and the cache",
    "EMAIL_URL": "smtp://user:password@host:port, smtp+tls:// or smtps://",
    "PAYBILL_BASE_URL": "address of the control plane, as in https://paybill.example",
    "PAYBILL_TENANT_DOMAIN": "domain whose subdomains are the tenants' hosts",
    "PAYBILL_SECRET_KEY": "50 random characters; ./paybill keys prints fresh keys",
    "PAYBILL_DATA_KEYS": "base64 of 32 random bytes, comma-separated, newest first",
    "PAYBILL_AUDIT_KEY": "Ed25519 private key (PEM) that signs audit heads",
}
CONTROL_REQUIRED = {
    "PAYBILL_LICENCE_KEY": "Ed25519 private keys (PEM); the first one signs licences",
    "PAYBILL_ENTRY_KEY": "Ed25519 private key (PEM) that signs entries to tenants",
    "PAYBILL_OIDC_KEY": "RSA private keys (PEM) for clouds; the first one signs",
}
TENANT_REQUIRED = {
    "PAYBILL_LICENCE_PUBLIC_KEY": "public halves of the control plane's licence keys",
    "PAYBILL_ENTRY_PUBLIC_KEY": "public half of the control plane's entry key",
    "PAYBILL_TENANT_ID": "public id of the tenant, ten_...",
    "PAYBILL_SCHEMA": "schema that holds the tenant's plane",
}


def read(source: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of `name`, or the content of the file that `name`_FILE names."""
    file = source.get(f"{name}_FILE", "")
    if not file:
        return source.get(name, default)
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error.strerror}: {file}") from error


def words(source: Mapping[str, str], name: str, default: str = "") -> list[str]:
    """A comma-separated value as a list, blanks dropped."""
    return [
        word
        for part in read(source, name, default).split(",")
        if (word := part.strip())
    ]


def require(source: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise ImproperlyConfigured naming everything missing and what to do."""
    missing = [
        f"- {name}: {what}" for name, what in wanted.items() if not read(source, name)
    ]
    if missing:
        raise ImproperlyConfigured(
            "This is a production start, because one of DATABASE_URL, REDIS_URL, "
            "EMAIL_URL is set. Set these too (or NAME_FILE for a file that holds the "
            "value):\n" + "\n".join(missing)
        )


def database(url: str) -> dict[str, Any]:
    """Django's description of a libpq address (URL or keywords)."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    return {
        "ENGINE": "paybill_site.kernel.postgres",
        **{django: parts.pop(libpq, "") for libpq, django in known.items()},
        "CONN_MAX_AGE": 120,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {**parts, "server_side_binding": True},
    }


def mailer(url: str) -> dict[str, Any]:
    """Django's description of smtp, smtp+tls or smtps://user:password@host:port."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtp+tls", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL: use smtp://, smtp+tls:// or smtps://")
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 10,
        },
    }


_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


def public_half(pems: str) -> str:
    """The public key of a private one, PEM; of several, one after the other."""
    keys = [
        serialization.load_pem_private_key(pem.encode(), password=None)
        for pem in _PEM.findall(pems)
    ]
    return "".join(
        key.public_key()
        .public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        .decode()
        for key in keys
    )


def key_ring(source: Mapping[str, str], control: bool) -> dict[str, Any]:
    """Every key by its use; a tenant by itself gets public halves only."""
    keys: dict[str, Any] = {
        "session": [
            read(source, "PAYBILL_SECRET_KEY"),
            *words(source, "PAYBILL_SECRET_KEY_FALLBACKS"),
        ],
        "data": words(source, "PAYBILL_DATA_KEYS"),
        "audit": read(source, "PAYBILL_AUDIT_KEY"),
    }
    if not control:
        return keys | {
            "licence_public": read(source, "PAYBILL_LICENCE_PUBLIC_KEY"),
            "entry_public": read(source, "PAYBILL_ENTRY_PUBLIC_KEY"),
        }
    licence = read(source, "PAYBILL_LICENCE_KEY")
    entry = read(source, "PAYBILL_ENTRY_KEY")
    return keys | {
        "licence": licence,
        "entry": entry,
        "oidc": read(source, "PAYBILL_OIDC_KEY"),
        "licence_public": public_half(licence),
        "entry_public": public_half(entry),
    }
