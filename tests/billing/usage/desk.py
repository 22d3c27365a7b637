"""Meters and events as the tests of usage send them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.actions import CreateMeter, RecordUsage
from billing.actions.usage import UsageInput
from billing.models import Meter, UsageBatch
from billing.rating.usage import Aggregation, Event
from billing.usage.events import Unfit
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Tenant

NOON = datetime(2031, 3, 14, 12, tzinfo=UTC)
COLLECTOR = actors.system(
    "collector", "billing.record_usage", "billing.correct_usage", "billing.add_meter"
)
NUMBERS = itertools.count(1)


def a_meter(how: Aggregation, code: str = "", **more: Any) -> Meter:
    """A meter whose value is the property ``n`` and whose key is ``user``."""
    said: dict[str, Any] = {"unit": "one", "units": "many", **more}
    if how is Aggregation.UNIQUE_COUNT:
        said.setdefault("key_from", "user")
    elif how is not Aggregation.COUNT:
        said.setdefault("value_from", "n")
    named = {"code": code or how.value, "name": how.value, "aggregation": how.value}
    made: Meter = perform(CreateMeter, None, {**named, **said}, actor=COLLECTOR).result
    return made


def an_event(tenant: Tenant, meter: Meter | str, **more: Any) -> dict[str, Any]:
    """An event of this moment with a value of 1 and an id of its own."""
    return {
        "id": f"e{next(NUMBERS)}",
        "source": "test",
        "tenant": tenant.public_id,
        "meter": str(getattr(meter, "code", meter)),
        "at": NOON.isoformat(),
        "properties": {"n": "1", "user": "anna"},
        **more,
    }


def taken_back(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What takes an event back."""
    kept = {name: event[name] for name in ("source", "tenant", "meter")}
    return {"id": f"e{next(NUMBERS)}", "cancels": event["id"], **kept, **more}


def send(*events: dict[str, Any], actor: Actor = COLLECTOR) -> UsageBatch:
    """Record events as the API hands them over: each is judged alone."""
    handed = UsageInput.model_construct(events=list(events))
    try:
        batch: UsageBatch = perform(RecordUsage, None, handed, actor=actor).result
    except Unfit as nothing:
        batch = UsageBatch(accepted=0, duplicates=0, refused=len(events))
        batch.answers = nothing.members["events"]
    return batch


def statuses(batch: UsageBatch) -> list[str]:
    return [answer["status"] for answer in batch.answers]


def reason(batch: UsageBatch, index: int = 0) -> str:
    return str(batch.answers[index]["reason"])


def as_rated(event: dict[str, Any], number: int) -> Event:
    """The event as ``billing.rating.usage`` takes it."""
    properties = event["properties"]
    return Event(
        at=datetime.fromisoformat(event["at"]),
        value=Decimal(properties["n"]),
        key=properties["user"],
        number=number,
    )


def later(**by: float) -> str:
    return (NOON + timedelta(**by)).isoformat()
