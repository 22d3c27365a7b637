"""One event as it is sent: its form, its bounds, and what its meter takes from it.

Numbers are read as the text that was sent (``LosslessJSON`` in the API): nothing is
ever a float, and no exponent, NaN or infinity gets through. Each event is judged alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from billing.models import Meter
from paybill_site.kernel.audit import canonical
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.inputs import invalid

MOST = 1000
AHEAD = timedelta(minutes=5)
BACK = timedelta(days=90)
PROPERTIES = 20
# Digits before and after the point; more than any bill needs, and exact in numeric.
NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,12})?", re.ASCII)
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)

# No control characters: PostgreSQL takes no NUL, and nobody means the others.
Word = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[!-~]+$")
]
Id = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Sent(TypedDict):
    """An event. ``at`` is when it happened, in ISO 8601 with an offset."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: Id
    source: Word
    tenant: Annotated[str, StringConstraints(max_length=40)]
    meter: Code
    at: NotRequired[Annotated[str, StringConstraints(max_length=40)]]
    properties: NotRequired[
        Annotated[dict[Code, Text | bool | None], Field(max_length=PROPERTIES)]
    ]
    cancels: NotRequired[Id]


ONE, MANY = TypeAdapter(Sent), TypeAdapter(list[Sent])
NOTHING: Mapping[str, Any] = {}


class Unfit(Invalid):
    """The event can not be taken."""


@dataclass(slots=True)
class Reading:
    """An event that fits, with what its meter takes from it."""

    index: int
    sent: Sent
    tenant: int
    meter: Meter
    digest: str
    content: str
    at: datetime | None
    value: Decimal = Decimal(1)
    key: str = ""
    weight: int = 1
    cancels: int | None = None
    properties: str = "{}"


def shaped(events: list[Any]) -> tuple[dict[int, Sent], dict[int, Invalid]]:
    """Those of the right shape and those that are not, by their index."""
    try:
        return dict(enumerate(MANY.validate_python(events))), {}
    except ValidationError as error:
        wrong = {int(e["loc"][0]) for e in error.errors(include_url=False)}
    fit, unfit = {}, {}
    for index, event in enumerate(events):
        try:
            if index in wrong:
                ONE.validate_python(event)
            fit[index] = event
        except ValidationError as error:
            unfit[index] = invalid(error)
    return fit, unfit


def read(index: int, sent: Sent, tenant: int, meter: Meter, now: datetime) -> Reading:
    """What the meter takes from an event. Raises Unfit with the reason and place."""
    digest = identity(tenant, sent["source"], sent["id"])
    if "cancels" in sent:
        if {"at", "properties"} & sent.keys():
            raise _unfit("cancels", "what takes an event back says nothing else of it")
        content = _digest("cancels", meter.code, sent["cancels"])
        return Reading(index, sent, tenant, meter, digest, content, None, weight=-1)
    properties = sent.get("properties", NOTHING)
    at = moment(sent.get("at"), now)
    value = number(properties, meter.value_from) if meter.value_from else Decimal(1)
    key = text(properties, meter.key_from) if meter.key_from else ""
    said = canonical(properties) if properties else "{}"
    content = _digest(meter.code, at.isoformat(), said)
    return Reading(
        index, sent, tenant, meter, digest, content, at, value, key, properties=said
    )


def moment(said: str | None, now: datetime) -> datetime:
    """When it happened, in UTC: not in the future, and not too long ago."""
    if said is None:
        raise _unfit("at", "an event says when it happened")
    if not MOMENT.fullmatch(said):
        raise _unfit("at", "this is no moment in ISO 8601 with an offset")
    try:
        at = datetime.fromisoformat(said).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _unfit("at", "there is no such moment") from error
    if at > now + AHEAD:
        raise _unfit("at", "this is in the future")
    if at < now - BACK:
        raise _unfit("at", f"this is more than {BACK.days} days ago")
    return at


def number(properties: Mapping[str, Any], name: str) -> Decimal:
    """The value, exactly as it was sent."""
    said = properties.get(name)
    if said is None:
        raise _unfit(f"properties.{name}", "the meter needs this number")
    if not isinstance(said, str) or not NUMBER.fullmatch(said):
        raise _unfit(
            f"properties.{name}",
            "a plain number has at most 18 digits before and 12 after the point",
        )
    return Decimal(said)


def text(properties: Mapping[str, Any], name: str) -> str:
    """What a unique count tells apart."""
    said = properties.get(name)
    if not isinstance(said, str) or not said:
        raise _unfit(f"properties.{name}", "the meter needs this text")
    return said


def identity(tenant: int, source: str, name: str) -> str:
    """What an event is known by, for ever."""
    return _digest(str(tenant), source, name)


def undone(digest: str) -> str:
    """What stands for "this event was taken back" among the identities."""
    return _digest("undone", digest)


def _digest(*parts: str) -> str:
    """128 bits of SHA-256, in the form of a uuid. No part contains the separator."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _unfit(field: str, problem: str) -> Unfit:
    return Unfit(f"{field}: {problem}", field=field)
