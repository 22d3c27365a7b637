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


class DeploymentReady(Event):
    """What a deployment needs was made, filled and attached to its tenant."""

    tenant: str
    deployment: str


class DeploymentGone(Event):
    """Nothing of a deployment is left; this was checked."""

    tenant: str
    deployment: str
