"""Which module knows which cloud; each is loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Cloud, Phase


@dataclass(frozen=True, slots=True)
class Access:
    """Environment of Terraform's process, and what of it no log may show.

    ``seconds``: how long the way in stays open when it can not be renewed; a phase may
    not last longer. None: as long as the phase needs.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that carries a deployment's tags.

    ``address`` is its tag ``paybill:address``; ``id`` is what an import of that
    address takes ("": it can not be imported); ``name`` is how the cloud calls it (ARN,
    resource id). ``ends`` says, for what is deleted but not gone, in which state it is
    and until when.
    """

    address: str
    id: str
    name: str
    ends: str = ""


class Inventory(Protocol):
    """``verified`` is False where nothing here could check the adapter.

    ``repeats`` (False where an adapter does not say): making a thing again is harmless,
    for it is the one that is there, so an apply has nothing to import.
    """

    verified: bool

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""


class Adapter(Protocol):
    """What a module of this package offers for its cloud.

    All raise CloudFailed when the cloud does not let Paybill in or does not answer.
    """

    def access(
        self, run: Run, phase: Phase, folder: Path
    ) -> AbstractContextManager[Access]:
        """Terraform's way in, renewed until the end of the phase."""

    def inventory(self, deployment: Deployment) -> Inventory:
        """What is asked for all that exists under the deployment's tags."""

    def child_id(
        self, deployment: Deployment, kind: str, values: Mapping[str, Any]
    ) -> str:
        """What an import takes of an untaggable thing that exists already, or "".

        ``kind`` is its resource type, ``values`` are a plan's ``change.after``.
        """

    def read_secret(self, deployment: Deployment, reference: str) -> str:
        """A secret that the deployment's stack named in its outputs."""

    def attempt(self, account: CloudAccount) -> str:
        """Get in as each identity of the account; who Paybill is there, in words."""


# By name: a process that builds on AWS does not load what Oracle needs.
MODULES = {cloud: f"provisioning.clouds.{cloud.value}" for cloud in Cloud}


def adapter(cloud: str) -> Adapter:
    """The adapter of a cloud. Raises ValueError for one that Paybill does not know."""
    return cast(Adapter, import_module(MODULES[Cloud(cloud)]))
