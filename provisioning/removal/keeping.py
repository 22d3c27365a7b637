"""Which copy of a database outlives its destroy, and what the stack is told of it.

Paybill takes the last backup of whatever it can reach. A silo in a cloud is out of its
reach on purpose, so there a copy is kept by the cloud or not at all. Only AWS makes one
while it destroys; the others delete their backups with the database, or soon after.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256

from provisioning.models import Deployment, Removal
from provisioning.states import Cloud
from tenants.states import Isolation

FACT = "final_snapshot"  # what stacks on AWS ask of the account's facts
KEEPERS = {Cloud.AWS}


class Copy(StrEnum):
    """Who keeps the last copy."""

    PAYBILL = "paybill"
    CLOUD = "cloud"
    NOBODY = "nobody"


def copy_of(deployment: Deployment) -> Copy:
    """Who keeps a copy of the data when this is destroyed now."""
    if _without(deployment):
        return Copy.NOBODY
    if not _out_of_reach(deployment):
        return Copy.PAYBILL
    return Copy.CLOUD if _keeps(deployment) else Copy.NOBODY


def told(deployment: Deployment, account: Mapping[str, str]) -> dict[str, str]:
    """The account's facts for a run that takes away: with the order to keep, or not."""
    if not _out_of_reach(deployment) or deployment.cloud not in KEEPERS:
        return dict(account)
    kept = copy_of(deployment) is Copy.CLOUD
    return {**account, FACT: "true" if kept else "false"}


def snapshot(deployment: Deployment) -> str:
    """Name of the last snapshot on AWS, as our stack names it."""
    mark = sha256(deployment.tenant.public_id.encode()).hexdigest()[:16]
    return f"pb-{mark}-g{deployment.generation}-final"


def _out_of_reach(deployment: Deployment) -> bool:
    """A simulated silo's data is on this machine, whatever its cloud is called."""
    elsewhere = deployment.cloud != Cloud.LOCAL and not deployment.simulated
    return deployment.kind == Isolation.SILO and elsewhere


def _keeps(deployment: Deployment) -> bool:
    """Whether the cloud keeps one; an account may refuse it in its details."""
    facts = deployment.account.details if deployment.account else {}
    return deployment.cloud in KEEPERS and str(facts.get(FACT)) != "false"


def _without(deployment: Deployment) -> bool:
    """An operator decided that nothing is kept."""
    return Removal.objects.filter(deployment=deployment, without_backup=True).exists()
