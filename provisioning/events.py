"""What happened to deployments and their runs."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class RunQueued(Event):
    """A run waits for a worker."""

    tenant: str
    run: str


class RunWaiting(Event):
    """A plan waits for a person to confirm or discard it."""

    tenant: str
    run: str


class RunConfirmed(Event):
    """A plan may be applied."""

    tenant: str
    run: str


class RunEnded(Event):
    """A run reached a final state; ``state`` says which."""

    tenant: str
    run: str
    deployment: str
    operation: str
    state: str


class AccountTestAsked(Event):
    """Somebody wants to know whether Paybill gets into a cloud account."""

    account: str


class DeploymentReady(Event):
    """What a deployment needs was made, filled and attached to its tenant."""

    tenant: str
    deployment: str


class DeploymentGone(Event):
    """Nothing of a deployment is left; this was checked."""

    tenant: str
    deployment: str


class BackupFinished(Event):
    """A backup is stored and verified (``state`` ready), or there is none (failed)."""

    tenant: str
    backup: str
    reason: str
    state: str


class DatabaseJobQueued(Event):
    """Work on a tenant's database waits for a worker."""

    tenant: str
    job: str


class DatabaseJobEnded(Event):
    """Work on a tenant's database is over; ``state`` is done or failed."""

    tenant: str
    job: str
    kind: str
    state: str


class DatabaseFull(Event):
    """A tenant's database reached 80 % of its limit (``near``), or 100 % (``full``)."""

    tenant: str
    notice: str


class NoticeOwed(Event):
    """A product has to be told something, again."""

    tenant: str
    notice: str


class RemovalGoesOn(Event):
    """A removal can take its next step."""

    tenant: str
    removal: str


class RemovalDone(Event):
    """A tenant's place is gone, and the record of it is signed."""

    tenant: str
    removal: str


class RolloutGoesOn(Event):
    """The upgrade of a fleet can take its next step."""

    rollout: str
