"""What a licence says, and what it is worth by now.

A licence lives for ``LIFETIME``; a task issues it anew every few days, so it runs out
only where nothing was heard of the control plane for weeks. Within ``GRACE`` after that
everything still works and a banner says so; then what is there can be read and nothing
be changed. There is no list of revoked licences: a short life is the revocation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from paybill_site.kernel import licence_keys
from paybill_site.kernel.licence_keys import ISSUER, Keys, NotGenuine

LIFETIME, GRACE = timedelta(days=35), timedelta(days=14)
# Clocks of two machines differ; a licence from "the future" is not a forgery.
LEEWAY = timedelta(minutes=10)
CLAIMS = {
    "iss",
    "aud",
    "iat",
    "exp",
    "grace",
    "version",
    "state",
    "plan",
    "features",
    "limits",
}


class Standing(StrEnum):
    """What a licence is worth at a moment."""

    NONE = "none"  # nothing that is counted is allowed
    VALID = "valid"
    GRACE = "grace"  # run out: all works, and a banner says so
    EXPIRED = "expired"  # and its grace is over: read, change nothing
    NOT_GENUINE = "not genuine"  # as expired: somebody tampered with it


# What people read while everything is open still, by the reason of the state.
REASONS = {
    "past_due": "An invoice is overdue. Whoever pays finds it in the portal.",
    "grace": "An invoice is unpaid for long: access closes soon. Please pay it.",
}
OPEN_TO_CHANGES = frozenset({Standing.NONE, Standing.VALID, Standing.GRACE})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the newest licence grants to this plane's tenant."""

    tenant: str
    state: str
    plan: str
    features: dict[str, Any]
    limits: dict[str, Any]
    version: int
    issued: datetime
    expires: datetime
    name: str = ""  # what the tenant is called; its plane knows it from here alone
    simulated: bool = False  # its cloud is a simulator; the data is elsewhere
    reason: str = ""  # why the state is what it is, as "past_due"
    grace: timedelta = GRACE

    @property
    def ends(self) -> datetime:
        """When nothing can be changed any more."""
        return self.expires + self.grace

    def standing(self, now: datetime) -> Standing:
        """What it is worth at a moment."""
        if now < self.expires:
            return Standing.VALID
        return Standing.GRACE if now < self.ends else Standing.EXPIRED

    def notice(self, now: datetime) -> str:
        """What people have to know of it, or ""."""
        match self.standing(now):
            case Standing.EXPIRED:
                return (
                    f"The licence ran out on {self.expires:%d %B %Y}: what is here can"
                    " be read, and nothing be changed, until a new one comes."
                )
            case Standing.GRACE:
                return (
                    f"The licence ran out on {self.expires:%d %B %Y} and no new one has"
                    f" come: from {self.ends:%d %B %Y} on nothing can be changed."
                )
        return REASONS.get(self.reason, "")


def claims_of(
    tenant: str, terms: dict[str, Any], version: int, issued: datetime
) -> dict[str, Any]:
    """What is signed: the terms, for whom, since when and until when."""
    return {
        "iss": ISSUER,
        "aud": tenant,
        "iat": int(issued.timestamp()),
        "exp": int((issued + LIFETIME).timestamp()),
        "grace": int(GRACE.total_seconds()),
        "version": version,
        "name": terms.get("name", ""),
        "simulated": terms.get("simulated", False),
        "reason": terms.get("reason", ""),
        "state": terms["state"],
        "plan": terms["plan"],
        "features": terms["features"],
        "limits": terms["limits"],
    }


def read_licence(token: str, tenant: str, keys: Keys | None = None) -> Terms:
    """Check signature, issuer and audience. Raises NotGenuine.

    An expired licence is genuine; what it is worth says ``Terms.standing``. Without
    ``keys`` the anchors count, with what the licence's own chain adds to them.
    """
    if keys is None:
        keys = licence_keys.trusted(licence_keys.statements_of(token))
    claims = licence_keys.opened(token, keys)
    if missing := CLAIMS - claims.keys():
        raise NotGenuine(f"this licence does not say {', '.join(sorted(missing))}")
    if claims["iss"] != ISSUER:
        raise NotGenuine("this is a licence of something else")
    if claims["aud"] != tenant:
        raise NotGenuine("this is the licence of another tenant")
    if claims["iat"] > time.time() + LEEWAY.total_seconds():
        raise NotGenuine("this licence is of the future")
    return Terms(
        tenant=tenant,
        state=claims["state"],
        plan=claims["plan"],
        features=claims["features"],
        limits=claims["limits"],
        version=claims["version"],
        name=claims.get("name", ""),
        simulated=bool(claims.get("simulated", False)),
        reason=claims.get("reason", ""),
        issued=_moment(claims["iat"]),
        expires=_moment(claims["exp"]),
        grace=timedelta(seconds=claims["grace"]),
    )


def audience_of(token: str) -> str:
    """For which tenant a token says to be; nothing of it is believed yet."""
    return str(licence_keys.unbelieved(token).get("aud", ""))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
