"""Inputs of actions: typed, bounded, closed; from JSON strictly, errors without values.

An error names the field and the rule it broke, never the value: problem documents,
logs and the audit trail are read by more people than the one who typed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from django.utils import timezone
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from paybill_site.kernel.errors import Invalid

EARLIEST, TEN_YEARS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=3653)
SHOWN, NAMED, NAME_LENGTH = 50, 5, 80
# Pydantic's own words for these would quote what was sent.
QUOTING = frozenset({"union_tag_invalid"})


class Input(BaseModel):
    """Base of every action's input: closed, frozen, every field typed and bounded."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        ser_json_bytes="base64",  # a digest is taken of bytes that are no UTF-8 too
    )

    # Afterwards, not before: a validator that ran before would turn strict JSON rules
    # (dates and enums as text) into strict Python ones.
    @model_validator(mode="after")
    def _no_nul(self) -> Self:
        # PostgreSQL stores no NUL in text: better said here than by the driver.
        if any("\0" in text for text in _texts(self)):
            raise ValueError("text can not contain the NUL character")
        return self


def example(*shown: Mapping[str, Any]) -> ConfigDict:
    """For ``model_config``: what an input may look like, for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [dict(one) for one in shown]})


def _in_sight(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= timezone.now() + TEN_YEARS:
        raise ValueError("a moment from 1970 on, and within the next ten years")
    return moment


# A moment that people plan by. Beyond it calendars end: no year after 9999 is counted.
Soon = Annotated[AwareDatetime, AfterValidator(_in_sight)]


class NoInput(Input):
    """For actions that need nothing but their target."""


def is_sensitive(info: FieldInfo) -> bool:
    """Whether a field says of itself that it holds a secret."""
    extra = info.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("sensitive"))


def parse(model: type[Input], data: Any) -> Input:
    """The typed input from an Input or from JSON values (strictly). Raises Invalid."""
    if isinstance(data, model):
        return data
    try:
        text = json.dumps({} if data is None else data, allow_nan=False)
        return model.model_validate_json(text, strict=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(error) from error


def invalid(error: Exception) -> Invalid:
    """Turn a validation error into a problem that names each field, never its value."""
    if not isinstance(error, ValidationError):
        return Invalid("the input is not JSON")
    found = error.errors(include_url=False, include_input=False, include_context=False)
    errors = [
        {"field": _field(e["loc"]), "problem": _words(e), "rule": e["type"]}
        for e in found[:SHOWN]
    ]
    shown = "; ".join(
        f"{e['field'] or 'input'}: {e['problem']}" for e in errors[:NAMED]
    )
    return Invalid(f"the input does not fit: {shown}", errors=errors)


def _field(path: tuple[int | str, ...]) -> str:
    name = ".".join(map(str, path))
    return name if name.isprintable() and len(name) <= NAME_LENGTH else "?"


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] in QUOTING:
        return "this is none of the values that are possible here"
    return str(error["msg"])[:200]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(value.__dict__)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
