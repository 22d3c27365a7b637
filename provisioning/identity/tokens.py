"""Identity tokens: who acts, for which deployment, in which run and phase.

The subject is ``deployment:<id>:run:<id>:phase:<purpose>``; a run of ``none`` looks
after a deployment outside of runs (inventory, secrets), and a deployment of ``none``
is the test of an account by its operator. Clouds match on it, so its parts never
change their order. Purposes are few: ``plan``, ``apply``, ``read``.

Azure compares subjects character by character and has no patterns for issuers like
us, so there it is ``account:<id>:phase:<purpose>``; the rest is in claims of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

import jwt
from django.conf import settings

from paybill_site.kernel.ids import new_id
from provisioning.errors import LeaseLost
from provisioning.identity import keys
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import HELD, Cloud, Phase

EXACT = frozenset({Cloud.AZURE})  # clouds that know no patterns
LIFE = 15 * 60  # seconds; a copy that got lost is worthless soon
SKEW = 30  # seconds that a cloud's clock may be behind ours


CLAIMS = (
    *("iss", "sub", "aud", "iat", "nbf", "exp", "jti"),
    *("account", "cloud", "phase", "deployment", "tenant", "run", "operation"),
)


class Purpose(StrEnum):
    """For what an identity is used: each cloud account knows one identity for each."""

    PLAN = "plan"
    APPLY = "apply"
    READ = "read"


# What a phase of a run needs; a phase that is not here does not meet the cloud.
PURPOSES = {
    Phase.PLAN: Purpose.PLAN,
    Phase.APPLY: Purpose.APPLY,
    Phase.FINISH: Purpose.READ,
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for."""

    account: CloudAccount
    purpose: Purpose
    deployment: Deployment | None = None
    run: Run | None = None

    @property
    def subject(self) -> str:
        if self.account.cloud in EXACT:
            return subject_pattern(self.account, self.purpose)
        deployment = self.deployment.public_id if self.deployment else "none"
        run = self.run.public_id if self.run else "none"
        return f"deployment:{deployment}:run:{run}:phase:{self.purpose}"

    @property
    def claims(self) -> dict[str, str]:
        """The parts by name, for clouds that can match on claims of any name."""
        named = {
            "account": self.account.public_id,
            "cloud": self.account.cloud,
            "phase": str(self.purpose),
        }
        if self.deployment is not None:
            named["deployment"] = self.deployment.public_id
            named["tenant"] = self.deployment.tenant.public_id
        if self.run is not None:
            named["run"] = self.run.public_id
            named["operation"] = self.run.operation
        return named


def subject_pattern(account: CloudAccount, purpose: Purpose) -> str:
    """What an operator lets a cloud trust: every deployment's subject for a purpose."""
    if account.cloud in EXACT:
        return f"account:{account.public_id}:phase:{purpose}"
    return f"deployment:*:run:*:phase:{purpose}"


def mint(bearer: Bearer, audience: str) -> str:
    """A signed token for one audience; a secret for as long as it lives.

    Raises LeaseLost when the bearer's run is not held with the newest fence: a runner
    that was overtaken gets into no cloud.
    """
    if bearer.run is not None:
        _check_held(bearer.run)
    now, key = int(time.time()), keys.ring()[0]
    claims = {
        **bearer.claims,
        "iss": settings.PAYBILL_BASE_URL,
        "sub": bearer.subject,
        "aud": audience,
        "iat": now,
        "nbf": now - SKEW,
        "exp": now + LIFE,
        "jti": new_id("jti"),
    }
    return jwt.encode(
        claims, key.private, algorithm=keys.ALGORITHM, headers={"kid": key.kid}
    )


def _check_held(run: Run) -> None:
    held = Run.objects.filter(
        pk=run.pk, fence=run.fence, deployment__fence=run.fence, state__in=HELD
    )
    if not held.exists():
        raise LeaseLost("the run is not held any more; nobody gets in for it")
