"""What Terraform and operators do to states and their locks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from pydantic import ConfigDict, Field

from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning import state
from provisioning.actions.advancing import check_fence
from provisioning.errors import Frozen, IllegalLock, RunActive, StateRefused
from provisioning.models import (
    Deployment,
    Run,
    StateLock,
    StateOrigin,
    StateVersion,
)
from provisioning.states import ACTIVE, HELD, RunState


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
        version = state.lay_aside(target, data.body)
        if version.origin == StateOrigin.RESCUED:
            words = (
                f"Terraform could not save its state in {target.public_id}; it was"
                f" rescued as {version.public_id} and has to be adopted first"
            )
            Deployment.objects.filter(pk=target.deployment_id).update(frozen=words)
        return version


class AdoptState(Action[Deployment, NoInput, StateVersion]):
    """Put the rescued state in force and let runs start again."""

    model = Deployment
    permission = "provisioning.adopt_state"
    danger = Danger.CAREFUL

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> StateVersion:
        rescued = _rescued(target).order_by("-serial").first()
        if not target.frozen or rescued is None:
            raise StateRefused("no rescued state waits to be adopted")
        _check_idle(target, HELD)
        version = state.adopt(target, rescued)
        _rescued(target).update(origin=StateOrigin.DISCARDED)
        return _thaw(target, version)


class DiscardState(Action[Deployment, NoInput, Deployment]):
    """Lay a rescued state aside for good; what exists is compared before the next plan.

    For a state that does not follow the one in force, or can not be read.
    """

    model = Deployment
    permission = "provisioning.adopt_state"
    danger = Danger.DESTRUCTIVE

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> Deployment:
        if not _rescued(target).update(origin=StateOrigin.DISCARDED):
            raise StateRefused("no rescued state waits")
        return _thaw(target, target)


class ThawDeployment(Action[Deployment, NoInput, Deployment]):
    """Let runs start again; what exists is compared with the state before that."""

    model = Deployment
    permission = "provisioning.thaw_deployment"
    danger = Danger.CAREFUL

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> Deployment:
        if not target.frozen:
            raise IllegalMove("the deployment is not frozen")
        if _rescued(target).exists():
            raise Frozen("adopt or discard the rescued state first")
        return _thaw(target, target)


def _rescued(deployment: Deployment) -> QuerySet[StateVersion]:
    return deployment.state_versions.filter(origin=StateOrigin.RESCUED)


def _thaw[R](deployment: Deployment, result: R) -> R:
    deployment.frozen, deployment.settled = "", False
    deployment.save(update_fields=["frozen", "settled"])
    return result


def _check_idle(deployment: Deployment, states: frozenset[RunState] = ACTIVE) -> None:
    if deployment.runs.filter(state__in=states).exists():
        raise RunActive


class RollbackState(Action[StateVersion, NoInput, StateVersion]):
    """Put this older state in force again, as a new version that follows the newest.

    Nothing in the cloud is changed and nothing is held back: what exists is compared
    with it before the next plan, and that plan shows what it means.
    """

    model = StateVersion
    permission = "provisioning.rollback_state"
    danger = Danger.CAREFUL

    def run(self, target: StateVersion, data: NoInput, *, actor: Actor) -> StateVersion:
        # Locked as every action on it does, so that no run is queued meanwhile.
        rows = Deployment.objects.select_for_update(no_key=True)
        deployment = rows.get(pk=target.deployment_id)
        _check_idle(deployment)
        version = state.revert(deployment, target)
        Deployment.objects.filter(pk=deployment.pk).update(settled=False)
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
        if not StateLock.objects.filter(deployment=target).delete()[0]:
            raise IllegalLock("the state is not locked")
