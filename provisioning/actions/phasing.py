"""The steps inside planning: which phase a run is in, and what it is pinned to."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paybill_site.kernel.actions import Action
from paybill_site.kernel.actors import Actor
from provisioning import drift
from provisioning.actions.advancing import (
    HeldInput,
    StartInput,
    check_fence,
    new_token,
)
from provisioning.models import Run
from provisioning.states import Phase, RunState
from provisioning.transitions import advance, enter


class PinRunInput(StartInput):
    terraform_version: str = Field(max_length=20)
    mirror_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    lock_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    providers: list[dict[str, Any]] = Field(max_length=40)


class PinRun(Action[Run, PinRunInput, Run]):
    """Note what the run plans with, from Terraform to each plugin; planning begins.

    The token of the phase before is dead; the new one is for reading, too.
    """

    model = Run
    Input = PinRunInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: PinRunInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        pins = data.model_dump(exclude={"fence", "token_digest"})
        for name, value in pins.items():
            setattr(target, name, value)
        target.save(update_fields=list(pins))
        enter(target, Phase.PLAN)
        return new_token(target, data, writes=False)


class StartCheck(Action[Run, HeldInput, Run]):
    """Begin to check the plan: Terraform is done, so nobody opens the state."""

    model = Run
    Input = HeldInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: HeldInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        enter(target, Phase.CHECK)
        target.token_digest = ""
        target.save(update_fields=["token_digest"])
        return target


class FinishLookInput(HeldInput):
    found: list[dict[str, Any]] = Field(
        description="masked: what is no longer as the state says",
        json_schema_extra={"sensitive": True},
    )


class FinishLook(Action[Run, FinishLookInput, Run]):
    """Close a run that only looked, and note what it found changed outside."""

    model = Run
    Input = FinishLookInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: FinishLookInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        drift.note(target.deployment, data.found)
        advance(target, RunState.APPLIED)
        return target
