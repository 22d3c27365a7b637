"""Limits: how often a door may be used, and what the licence of a plane allows."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from django.core.cache import cache
from redis.exceptions import RedisError

from paybill_site.kernel.crypto import public_key
from paybill_site.kernel.errors import LimitReached, TooMany
from paybill_site.kernel.models import Licence

log = logging.getLogger(__name__)

ISSUER = "paybill"
CLAIMS = ("iss", "aud", "iat", "version", "state", "plan", "features", "limits")
# Clocks of two machines differ; a licence from "the future" is not a forgery.
LEEWAY = timedelta(minutes=10)


def throttle(name: str, subject: str, *, most: int, window: timedelta) -> None:
    """Count one use; raise TooMany past ``most`` uses by a subject in a window.

    The count lives in Redis under the plane's key: losing it forgives, it never
    locks out.
    """
    seconds = int(window.total_seconds())
    slot, past = divmod(int(time.time()), seconds)
    # Subjects are addresses and e-mails, long or odd at times: a digest fits any key.
    digest = hashlib.sha256(subject.encode()).hexdigest()
    key = f"throttle:{name}:{digest}:{slot}"
    try:
        cache.add(key, 0, timeout=seconds + 5)
        used = cache.incr(key)
    except (RedisError, ValueError):  # not reachable, or the count was just lost
        log.warning("uses of %s are not counted: Redis forgot or is gone", name)
        return
    if used > most:
        raise TooMany(retry_after=seconds - past)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the newest licence grants to this plane's tenant."""

    tenant: str
    state: str
    plan: str
    features: dict[str, Any]
    limits: dict[str, Any]
    version: int
    name: str = ""  # what the tenant is called; its plane knows it from here alone
    simulated: bool = False  # its cloud is a simulator; the data is elsewhere


def read_licence(token: str, tenant: str) -> Terms:
    """Check a licence's signature and audience. Raises jwt.InvalidTokenError."""
    claims = jwt.decode(
        token,
        public_key("licence"),
        algorithms=["EdDSA"],
        issuer=ISSUER,
        audience=tenant,
        leeway=LEEWAY,
        options={"require": [*CLAIMS]},
    )
    return Terms(
        tenant=tenant,
        state=claims["state"],
        plan=claims["plan"],
        features=claims["features"],
        limits=claims["limits"],
        version=claims["version"],
        name=claims.get("name", ""),
        simulated=bool(claims.get("simulated", False)),
    )


def terms(tenant: str) -> Terms | None:
    """The terms in force in the plane that is entered, or None without a licence."""
    licence = Licence.newest()
    return read_licence(licence.token, tenant) if licence else None


def within(terms: Terms | None, name: str, used: int) -> None:
    """Raise LimitReached when the licence allows no more than ``used`` of ``name``."""
    if terms is None:
        raise LimitReached("this plane has no licence yet", rule="licence")
    allowed = terms.limits.get(name)
    if allowed is not None and used >= int(allowed):
        raise LimitReached(
            f"the plan {terms.plan} allows {allowed} {name.replace('_', ' ')}",
            rule=f"limit:{name}",
        )
