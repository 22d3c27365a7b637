"""Verbs of usage: meters, and the events that they count."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from billing import clock
from billing.events import UsageLimitNear
from billing.models import Meter, UsageBatch
from billing.rating.usage import Aggregation
from billing.usage import checking, recording
from billing.usage.events import MOST
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit
from tenants.models import Tenant

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Property = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
NEEDS_VALUE = {
    Aggregation.SUM,
    Aggregation.MAX,
    Aggregation.LATEST,
    Aggregation.WEIGHTED_SUM,
}
LEVELS = {Aggregation.MAX, Aggregation.LATEST, Aggregation.WEIGHTED_SUM}


class MeterInput(Input):
    """A meter in full; what it means can not be changed later."""

    code: Code = Field(description="what events and prices call it")
    name: str = Field(min_length=1, max_length=60)
    aggregation: Aggregation
    value_from: Property = Field(default="", description="property with the number")
    key_from: Property = Field(default="", description="property to tell apart")
    carried: bool = Field(default=False, description="the level goes on: storage")
    unit: str = Field(min_length=1, max_length=30, description="one of it: call")
    units: str = Field(min_length=1, max_length=30, description="many of it: calls")

    @model_validator(mode="after")
    def fits(self) -> MeterInput:
        how = self.aggregation
        if bool(self.key_from) != (how is Aggregation.UNIQUE_COUNT):
            raise ValueError("a unique count, and nothing else, needs key_from")
        if how in NEEDS_VALUE - {Aggregation.SUM} and not self.value_from:
            raise ValueError(f"{how} needs value_from")
        if self.value_from and how not in NEEDS_VALUE:
            raise ValueError(f"{how} takes no value")
        if self.carried and how not in LEVELS:
            raise ValueError(f"{how} has no level to carry on")
        return self


class CreateMeter(Action[None, MeterInput, Meter]):
    """Declare what can be counted and how it adds up."""

    model = Meter
    Input = MeterInput
    permission = "billing.add_meter"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: MeterInput, *, actor: Actor) -> Meter:
        return Meter.objects.create(**data.model_dump())


class WordsInput(Input):
    name: str = Field(min_length=1, max_length=60)
    unit: str = Field(min_length=1, max_length=30, description="one of it: call")
    units: str = Field(min_length=1, max_length=30, description="many of it: calls")


class RenameMeter(Action[Meter, WordsInput, Meter]):
    """Call a meter and its units otherwise; what it counts stays."""

    model = Meter
    Input = WordsInput
    permission = "billing.change_meter"

    def run(self, target: Meter, data: WordsInput, *, actor: Actor) -> Meter:
        for name, value in data.model_dump().items():
            setattr(target, name, value)
        target.save(update_fields=["name", "unit", "units"])
        return target


class RetireMeter(Action[Meter, NoInput, Meter]):
    """Let a meter take no more events; what it counted is billed and stays."""

    model = Meter
    permission = "billing.retire_meter"
    danger = Danger.CAREFUL

    def run(self, target: Meter, data: NoInput, *, actor: Actor) -> Meter:
        if target.retired_at is None:
            target.retired_at = clock.now()
            target.save(update_fields=["retired_at"])
        return target


class UsageInput(Input):
    """Events as ``billing.usage.events.Sent`` describes them; each is judged alone."""

    events: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST,
        # Not for the audit, which keeps their digest: they are kept as rows.
        json_schema_extra={"sensitive": True},
    )


class RecordUsage(Action[None, UsageInput, UsageBatch]):
    """Record what tenants used: up to 1,000 events, each once, however often sent.

    An event that does not fit is refused with its place, and the others are taken.
    """

    model = UsageBatch
    Input = UsageInput
    permission = "billing.record_usage"
    creates = True
    by_row = True

    def run(self, target: None, data: UsageInput, *, actor: Actor) -> UsageBatch:
        return recording.take(data.events, actor)

    def concerns(self, target: None, result: UsageBatch | None) -> str:
        return (result.concerned if result else "") or self.model._meta.app_label

    def present(self, result: UsageBatch) -> dict[str, Any]:
        return {
            "id": result.public_id,
            "accepted": result.accepted,
            "duplicates": result.duplicates,
            "refused": result.refused,
            "digest": result.digest,
        }


class NoticeInput(Input):
    meter: Code
    percent: int = Field(ge=1, le=100)
    used: Decimal = Field(ge=0, max_digits=40, decimal_places=12)
    limit: Decimal = Field(ge=0, max_digits=40, decimal_places=12)
    resets_at: AwareDatetime


class NoticeUsage(Action[Tenant, NoticeInput, Tenant]):
    """Note that a tenant used most of what its plan allows in a month."""

    model = Tenant
    Input = NoticeInput
    permission = "billing.notice_usage"

    def run(self, target: Tenant, data: NoticeInput, *, actor: Actor) -> Tenant:
        said = data.model_dump()
        emit(UsageLimitNear(tenant=target.public_id, **said))
        return target


class RebuildUsage(Action[Meter, NoInput, Meter]):
    """Work the roll-ups of a meter out anew from the raw events that are kept.

    Every period of it counts as changed; what was billed is compared again.
    """

    model = Meter
    permission = "billing.rebuild_meter"
    danger = Danger.CAREFUL

    def run(self, target: Meter, data: NoInput, *, actor: Actor) -> Meter:
        checking.rebuild(target)
        return target
