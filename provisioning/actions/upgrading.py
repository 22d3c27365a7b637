"""Moving a fleet to a new stack version: starting, steering, and each deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from django.utils import timezone
from pydantic import Field, field_validator

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.states import Machine
from provisioning import windows
from provisioning.actions.queueing import person
from provisioning.events import RolloutGoesOn
from provisioning.fleet import waves
from provisioning.fleet.states import (
    ITEM_MOVES,
    ROLLOUT_MOVES,
    ItemState,
    RolloutState,
)
from provisioning.models import Deployment, Rollout, RolloutItem, StackVersion

ROLLOUT = Machine("rollout", ROLLOUT_MOVES)
ITEM = Machine("upgrade", ITEM_MOVES)
OPEN = frozenset({RolloutState.RUNNING, RolloutState.PAUSED})
DAY = f"^({'|'.join(windows.DAYS)})$"
HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class StartRolloutInput(Input):
    canary: int = Field(
        default=1,
        ge=0,
        le=1000,
        title="Canaries",
        description="How many deployments go first.",
    )
    percent: int = Field(
        default=25,
        ge=1,
        le=100,
        title="Second wave",
        description="Per cent of the rest that follow them; then all.",
    )
    budget: int = Field(
        default=0,
        ge=0,
        le=10_000,
        title="Budget",
        description="How many may fail before it pauses.",
    )
    at_once: int = Field(default=4, ge=1, le=100, title="At once")
    confirm: bool = Field(
        default=False,
        title="Confirm each plan",
        description="A person looks at every plan before it is applied.",
    )


class StartRollout(Action[StackVersion, StartRolloutInput, Rollout]):
    """Move every deployment of the stack to this version, wave by wave."""

    model = StackVersion
    Input = StartRolloutInput
    permission = "provisioning.start_rollout"
    danger = Danger.CAREFUL

    def run(
        self, target: StackVersion, data: StartRolloutInput, *, actor: Actor
    ) -> Rollout:
        found = list(waves.candidates(target))
        if not found:
            raise Invalid("no deployment of this stack can be moved to this version")
        rollout = Rollout.objects.create(
            target=target,
            waves=waves.sizes(len(found), data.canary, data.percent),
            budget=data.budget,
            at_once=data.at_once,
            confirm=data.confirm,
            requested_by=person(actor),
        )
        groups = waves.cut(found, rollout.waves)
        RolloutItem.objects.bulk_create(
            RolloutItem(rollout=rollout, deployment=deployment, wave=number)
            for number, group in enumerate(groups, start=1)
            for deployment in group
        )
        _wake(rollout)
        return rollout

    def present(self, result: Rollout) -> dict[str, Any]:
        """Rehearsed, this is the preview: which deployment is in which wave."""
        shown: list[list[str]] = [[] for _ in result.waves]
        for item in result.items.select_related("deployment"):
            shown[item.wave - 1].append(item.deployment.public_id)
        return {**super().present(result), "waves": shown}

    def recall(self, output: Mapping[str, Any]) -> Rollout | None:
        return Rollout._base_manager.filter(public_id=output.get("id", "")).first()


def _wake(rollout: Rollout) -> None:
    events.emit(RolloutGoesOn(rollout=rollout.public_id))


class PauseRollout(Action[Rollout, NoInput, Rollout]):
    """Let no further deployment begin; what was queued goes on to its end."""

    model = Rollout
    permission = "provisioning.steer_rollout"
    danger = Danger.CAREFUL
    legal_in = frozenset({RolloutState.RUNNING})

    def run(self, target: Rollout, data: NoInput, *, actor: Actor) -> Rollout:
        return _settle(target, RolloutState.PAUSED, f"paused by {actor.label}")


class ResumeRolloutInput(Input):
    again: bool = Field(
        default=True,
        title="Try what failed again",
        description="Otherwise those deployments stay behind on their version.",
    )


class ResumeRollout(Action[Rollout, ResumeRolloutInput, Rollout]):
    """Go on with an upgrade that was paused."""

    model = Rollout
    Input = ResumeRolloutInput
    permission = "provisioning.steer_rollout"
    danger = Danger.CAREFUL
    legal_in = frozenset({RolloutState.PAUSED})

    def run(
        self, target: Rollout, data: ResumeRolloutInput, *, actor: Actor
    ) -> Rollout:
        _settle(target, RolloutState.RUNNING, "")
        to = ItemState.WAITING if data.again else ItemState.SKIPPED
        for item in target.items.filter(state=ItemState.FAILED):
            ITEM.move(item, to)
        _wake(target)
        return target


class AbortRollout(Action[Rollout, NoInput, Rollout]):
    """End an upgrade: who was moved stays on the new version, the others on theirs."""

    model = Rollout
    permission = "provisioning.steer_rollout"
    danger = Danger.DESTRUCTIVE
    legal_in = OPEN

    def run(self, target: Rollout, data: NoInput, *, actor: Actor) -> Rollout:
        _settle(target, RolloutState.ABORTED, f"aborted by {actor.label}")
        for item in target.items.filter(state=ItemState.WAITING):
            ITEM.move(item, ItemState.SKIPPED)
        return target


class SettleRolloutInput(Input):
    state: Literal["paused", "done"]
    explanation: str = Field(default="", max_length=1000)


class SettleRollout(Action[Rollout, SettleRolloutInput, Rollout]):
    """Note that an upgrade is through, or that too many of its deployments failed."""

    model = Rollout
    Input = SettleRolloutInput
    permission = "provisioning.advance_rollout"

    def run(
        self, target: Rollout, data: SettleRolloutInput, *, actor: Actor
    ) -> Rollout:
        return _settle(target, RolloutState(data.state), data.explanation)


def _settle(rollout: Rollout, to: RolloutState, explanation: str) -> Rollout:
    ROLLOUT.move(rollout, to)
    rollout.explanation = explanation
    rollout.ended_at = None if to in OPEN else timezone.now()
    rollout.save(update_fields=["explanation", "ended_at"])
    return rollout


class WindowInput(Input):
    days: list[Annotated[str, Field(pattern=DAY)]] = Field(
        default_factory=list,
        max_length=7,
        title="Days",
        description="On which it begins (mon to sun); without any: at any time.",
    )
    begins: str = Field(default="22:00", pattern=HOUR, title="From")
    ends: str = Field(default="04:00", pattern=HOUR, title="To")
    zone: str = Field(
        default="",
        max_length=60,
        title="Time zone",
        description="As in Europe/Berlin; empty: the customer's own.",
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone and zone not in available_timezones():
            raise ValueError("this time zone is not known")
        return zone


class SetWindow(Action[Deployment, WindowInput, Deployment]):
    """Say when a deployment may be upgraded."""

    model = Deployment
    Input = WindowInput
    permission = "provisioning.set_window"

    def run(self, target: Deployment, data: WindowInput, *, actor: Actor) -> Deployment:
        zone = data.zone or target.tenant.account.time_zone
        days = sorted(set(data.days), key=windows.DAYS.index)
        times = {"from": data.begins, "to": data.ends, "zone": zone}
        target.window = {"days": days, **times} if days else {}
        target.save(update_fields=["window"])
        return target
