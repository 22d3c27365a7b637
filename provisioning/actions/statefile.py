"""What Terraform and operators do to states and their locks."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from provisioning import state
from provisioning.actions.advancing import check_fence
from provisioning.errors import IllegalLock, StateRefused
from provisioning.models import (
    Deployment,
    Run,
    StateLock,
    StateOrigin,
    StateVersion,
)
from provisioning.states import ACTIVE


class LockInput(Input):
    fence: int = Field(ge=0, le=2**62)
    lock_id: str = Field(min_length=1, max_length=64)
    info: dict[str, Any] = Field(json_schema_extra={"sensitive": True})


class LockState(Action[Run, LockInput, StateLock]):
    """Lock the state for a run's Terraform."""

    model = Run
    Input = LockInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: LockInput, *, actor: Actor) -> StateLock:
        check_fence(target, data.fence)
        return state.lock(target, data.lock_id, data.info)


class UnlockInput(Input):
    fence: int = Field(ge=0, le=2**62)
    lock_id: str = Field(min_length=1, max_length=64)


class UnlockState(Action[Run, UnlockInput, None]):
    """Release the lock that this run's Terraform took."""

    model = Run
    Input = UnlockInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: UnlockInput, *, actor: Actor) -> None:
        check_fence(target, data.fence)
        state.unlock(target, data.lock_id)


class BytesInput(Input):
    """An input that carries a file; its digest is taken from the base64 form."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class SaveInput(BytesInput):
    fence: int = Field(ge=0, le=2**62)
    lock_id: str = Field(max_length=64)
    md5: str = Field(default="", max_length=40)
    body: bytes = Field(json_schema_extra={"sensitive": True}, repr=False)


class SaveState(Action[Run, SaveInput, StateVersion]):
    """Store the next version of a state, encrypted."""

    model = Run
    Input = SaveInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: SaveInput, *, actor: Actor) -> StateVersion:
        check_fence(target, data.fence)
        return state.save(target, data.body, lock_id=data.lock_id, md5=data.md5)


class RescueInput(BytesInput):
    fence: int = Field(ge=0, le=2**62)
    body: bytes = Field(json_schema_extra={"sensitive": True}, repr=False)


class RescueState(Action[Run, RescueInput, StateVersion]):
    """Keep a state that Terraform could not save, and hold further runs back."""

    model = Run
    Input = RescueInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: RescueInput, *, actor: Actor) -> StateVersion:
        version = state.keep(target, data.body, StateOrigin.RESCUED)
        deployment = target.deployment
        deployment.frozen = (
            f"Terraform could not save its state in {target.public_id}; it was rescued"
            f" as {version.public_id} and has to be adopted first"
        )
        deployment.save(update_fields=["frozen"])
        return version


class AdoptState(Action[Deployment, NoInput, StateVersion]):
    """Put the rescued state in force and let runs start again."""

    model = Deployment
    permission = "provisioning.adopt_state"
    danger = Danger.CAREFUL

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> StateVersion:
        rescued = target.state_versions.filter(origin=StateOrigin.RESCUED).first()
        if not target.frozen or rescued is None:
            raise StateRefused("no rescued state waits to be adopted")
        version = state.adopt(target, rescued)
        target.frozen = ""
        target.save(update_fields=["frozen"])
        return version


class ReleaseStateLock(Action[Deployment, NoInput, None]):
    """Take away a lock that nobody holds any more."""

    model = Deployment
    permission = "provisioning.release_state_lock"
    danger = Danger.CAREFUL

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> None:
        if target.runs.filter(state__in=ACTIVE).exists():
            raise IllegalLock(
                "a run of this deployment is active and may hold the lock"
            )
        StateLock.objects.filter(deployment=target).delete()
