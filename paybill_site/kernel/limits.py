"""Limits: how often a door may be used, and what the licence of a plane allows."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import timedelta

from django.utils import timezone
from redis.exceptions import RedisError

from paybill_site.kernel import counts, licence_keys
from paybill_site.kernel.errors import LimitReached, TooMany
from paybill_site.kernel.licence_keys import NotGenuine
from paybill_site.kernel.models import Licence
from paybill_site.kernel.terms import Standing, Terms, read_licence

log = logging.getLogger(__name__)


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
        used = counts.count(key, 1, seconds + 5)
    except RedisError:
        log.warning("uses of %s are not counted: Redis is gone", name)
        return
    if used > most:
        raise TooMany(retry_after=seconds - past)


def terms(tenant: str) -> Terms | None:
    """The terms in force in the plane that is entered, or None without a licence.

    One that is not genuine is none: it allows nothing.
    """
    try:
        return _read(tenant)
    except NotGenuine as error:
        log.error("the licence of %s is not genuine: %s", tenant, error.detail)
        return None


def standing(tenant: str) -> Standing:
    """What the licence in the plane that is entered is worth now."""
    try:
        found = _read(tenant)
    except NotGenuine:
        return Standing.NOT_GENUINE
    return found.standing(timezone.now()) if found else Standing.NONE


def notice(tenant: str) -> str:
    """What the licence wants the tenant's people to know, or ""."""
    try:
        found = _read(tenant)
    except NotGenuine:
        return "The licence of this place was tampered with: nothing can be changed."
    return found.notice(timezone.now()) if found else ""


def _read(tenant: str) -> Terms | None:
    licence = Licence.newest()
    if licence is None:
        return None
    brought = licence_keys.statements_of(licence.token)
    keys = licence_keys.trusted([*brought, *licence.chain])
    return read_licence(licence.token, tenant, keys)


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
