"""What Paybill puts beside a stack, and takes away, by the cloud's own API.

Oracle and IBM have no argument that takes a secret without keeping it in the state.
Their stacks make the places only; after each apply the handover is put there, and
before a destroy what the provider would not delete is taken away. The clouds that are
not here take secrets in write-only arguments and delete what is in a bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from provisioning.models import Deployment, Run
from provisioning.states import Cloud

MODULES = {
    Cloud.ORACLE: "provisioning.clouds.oracle.placing",
    Cloud.IBM: "provisioning.clouds.ibm.placing",
}


class Placer(Protocol):
    """What a module of this table offers. Its functions may be repeated."""

    verified: bool

    def place(
        self, run: Run, outputs: Mapping[str, Any], handed: Mapping[str, str]
    ) -> None:
        """Put what is handed over in its place. Raises CloudFailed."""

    def clear(self, deployment: Deployment, outputs: Mapping[str, Any]) -> str:
        """Take away what is in the way of a destroy. Raises CloudFailed.

        What was done, in words; "" when there is more to do than one look should take.
        """


def placer(deployment: Deployment) -> Placer | None:
    """None where the stack needs nobody; a simulation has nothing to put in place."""
    if deployment.simulated or deployment.cloud not in MODULES:
        return None
    return cast(Placer, import_module(MODULES[Cloud(deployment.cloud)]))


def place(run: Run, outputs: Mapping[str, Any], handed: Mapping[str, str]) -> None:
    """Put the handover where the service, or whoever fills, looks for it.

    It carries the version that the stack told the container to wait for. Raises
    CloudFailed.
    """
    found = placer(run.deployment)
    if found is not None:
        version = str(run.inputs["handover_version"])
        found.place(run, outputs, {**handed, "version": version})


def clear(deployment: Deployment, outputs: Mapping[str, Any]) -> str:
    """Take away what is in the way of a destroy. Raises CloudFailed.

    What was done, in words; "" when it has to be asked for again.
    """
    found = placer(deployment)
    if found is None:
        return "the destroy empties it"
    said = found.clear(deployment, outputs)
    if said and not found.verified:
        said += " (this was never tried against the cloud itself)"
    return said
