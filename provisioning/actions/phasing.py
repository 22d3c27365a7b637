"""The steps inside planning: which phase a run is in, and what it is pinned to."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paybill_site.kernel.actions import Action
from paybill_site.kernel.actors import Actor
from provisioning import drift
from provisioning.actions.advancing import HeldInput, check_fence
from provisioning.models import Run
from provisioning.states import Phase, RunState
from provisioning.transitions import advance, enter


class PinRunInput(HeldInput):
    terraform_version: str = Field(max_length=20)
    mirror_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    lock_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    providers: list[dict[str, Any]] = Field(max_length=40)


class PinRun(Action[Run, PinRunInput, Run]):
    """Note what the run plans with, from Terraform to each plugin; planning begins."""

    model = Run
    Input = PinRunInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: PinRunInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        pins = data.model_dump(exclude={"fence"})
        for name, value in pins.items():
            setattr(target, name, value)
        target.save(update_fields=list(pins))
        enter(target, Phase.PLAN)
        return target


class EnterPhaseInput(HeldInput):
    phase: Phase


class EnterPhase(Action[Run, EnterPhaseInput, Run]):
    """Note that planning goes on with its next phase."""

    model = Run
    Input = EnterPhaseInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: EnterPhaseInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        enter(target, data.phase)
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
