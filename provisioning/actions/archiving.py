"""Keeping stacks as they are on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from provisioning import stacks
from provisioning.models import StackVersion


class ArchiveStackInput(Input):
    cloud: str = Field(max_length=20, title="Cloud")
    kind: str = Field(max_length=20, title="Kind", description="silo or bridge")


class ArchiveStack(Action[None, ArchiveStackInput, StackVersion]):
    """Keep a stack as it is on disk now, so that deployments can be moved to it."""

    model = StackVersion
    Input = ArchiveStackInput
    permission = "provisioning.add_stackversion"
    creates = True

    def run(
        self, target: None, data: ArchiveStackInput, *, actor: Actor
    ) -> StackVersion:
        return stacks.newest(data.cloud, data.kind)

    def recall(self, output: Mapping[str, Any]) -> StackVersion | None:
        return StackVersion._base_manager.filter(public_id=output.get("id", "")).first()
