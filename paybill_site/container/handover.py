"""What a tenant's own server is handed, turned into the environment of its processes.

The stack gives the container facts by ordinary variables and two secrets as JSON, from
the cloud's own store: ``PAYBILL_HANDOVER`` (by Paybill, through a write-only argument)
and ``PAYBILL_DATABASE_MASTER`` (user and password of the database's first log-in).
Where the cloud takes the password from Paybill the handover holds it instead; where the
cloud's store holds the password alone, ``PAYBILL_DATABASE_MASTER_USER`` names the user.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paybill_site.environ import read
from paybill_site.kernel.roles import APP, PROVISIONER

MASTER = "paybill_master"


class BadHandover(ValueError):
    """The container was not given what it needs to start."""


class Handover(BaseModel):
    """What Paybill hands over; all of it is secret. A newer one may hand over more."""

    model_config = ConfigDict(extra="ignore")

    licence: str = Field(min_length=1)
    bootstrap_token: str = Field(min_length=1)
    secret_key: str = Field(min_length=32)
    data_keys: str = Field(min_length=44)
    audit_key: str = Field(min_length=1)
    licence_public_key: str = Field(min_length=1)
    entry_public_key: str = Field(min_length=1)
    base_url: str = Field(min_length=1)
    tenant_domain: str = Field(min_length=1)
    email_url: str = Field(min_length=1)
    database_password: str = ""


class Master(BaseModel):
    """The database's first log-in, as managed passwords are stored by the clouds."""

    model_config = ConfigDict(extra="ignore")

    username: str = MASTER
    password: str = Field(min_length=1)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the tenant's processes. Raises BadHandover."""
    handed = _parsed(Handover, "PAYBILL_HANDOVER", read(given, "PAYBILL_HANDOVER"))
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith(("PAYBILL_HANDOVER", "PAYBILL_DATABASE_MASTER"))
    }
    return {
        **kept,
        "PAYBILL_MODE": "tenant",
        "DATABASE_URL": _url(given, APP, password(handed, APP)),
        "PAYBILL_PROVISIONER_URL": _url(
            given, PROVISIONER, password(handed, PROVISIONER)
        ),
        "PAYBILL_SUPERUSER_URL": _master_url(given, handed),
        "REDIS_URL": read(given, "REDIS_URL", "redis://127.0.0.1:6379/0"),
        "EMAIL_URL": handed.email_url,
        "PAYBILL_BASE_URL": handed.base_url,
        "PAYBILL_TENANT_DOMAIN": handed.tenant_domain,
        "PAYBILL_SECRET_KEY": handed.secret_key,
        "PAYBILL_DATA_KEYS": handed.data_keys,
        "PAYBILL_AUDIT_KEY": handed.audit_key,
        "PAYBILL_LICENCE_PUBLIC_KEY": handed.licence_public_key,
        "PAYBILL_ENTRY_PUBLIC_KEY": handed.entry_public_key,
        "PAYBILL_LICENCE": handed.licence,
        "PAYBILL_BOOTSTRAP_TOKEN": handed.bootstrap_token,
    }


def password(handed: Handover, user: str) -> str:
    """The password of a log-in that the container makes: the same at each start."""
    key = handed.secret_key.encode()
    return hmac.new(key, f"log-in {user}".encode(), hashlib.sha256).hexdigest()


def _master_url(given: Mapping[str, str], handed: Handover) -> str:
    text = read(given, "PAYBILL_DATABASE_MASTER")
    alone = read(given, "PAYBILL_DATABASE_MASTER_USER")
    if text and alone:
        return _url(given, alone, text)
    if text:
        master = _parsed(Master, "PAYBILL_DATABASE_MASTER", text)
        return _url(given, master.username, master.password)
    if not handed.database_password:
        raise BadHandover("neither PAYBILL_DATABASE_MASTER nor a password was handed")
    user = read(given, "PAYBILL_DATABASE_USER", MASTER)
    return _url(given, user, handed.database_password)


def _url(given: Mapping[str, str], user: str, secret: str) -> str:
    host = read(given, "PAYBILL_DATABASE_HOST")
    if not host:
        raise BadHandover("set PAYBILL_DATABASE_HOST")
    port = read(given, "PAYBILL_DATABASE_PORT", "5432")
    name = read(given, "PAYBILL_DATABASE_NAME", "paybill")
    # Without a certificate to check it by, encrypted is the least; never in the clear.
    mode = read(given, "PAYBILL_DATABASE_SSLMODE", "require")
    who = f"{quote(user, safe='')}:{quote(secret, safe='')}"
    where = f"{quote(host, safe='')}:{port}/{quote(name, safe='')}"
    return f"postgresql://{who}@{where}?sslmode={mode}"


def _parsed[M: BaseModel](model: type[M], name: str, text: str) -> M:
    """Parse a secret; what is wrong with it is said without showing any of it."""
    if not text:
        raise BadHandover(f"set {name} or {name}_FILE")
    try:
        return model.model_validate(json.loads(text))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
        raise BadHandover(f"{name}: missing or too short: {wrong}") from None
    except ValueError:
        raise BadHandover(f"{name} is not JSON") from None
