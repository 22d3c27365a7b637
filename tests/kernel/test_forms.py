"""Forms and schemas made from inputs: one description for people and programs."""

from __future__ import annotations

import datetime
import enum
from typing import Any, Literal

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from pydantic import BaseModel, Field

from examples.storefront.models import Order
from paybill_site.kernel.actions import registry
from paybill_site.kernel.forms import form_for
from paybill_site.kernel.inputs import Input
from paybill_site.kernel.schemas import (
    Unsupported,
    field_schema,
    input_schema,
    masked,
    model_schema,
    snapshot,
)
from tenants.models import Placement


class Size(enum.StrEnum):
    SMALL = "small"
    LARGE = "large"


class Part(BaseModel):
    name: str


class Wish(Input):
    title: str = Field(max_length=20, title="What", description="in a word")
    size: Size = Size.SMALL
    speed: Literal["slow", "fast"] | None = None
    count: int = Field(2, ge=1, le=9)
    day: datetime.date | None = None
    urgent: bool = False
    tags: tuple[str, ...] = ()
    parts: list[Part] = []
    note: str = Field("", max_length=1000, json_schema_extra={"sensitive": True})


FORM = form_for(Wish)


def filled(**data: str) -> Any:
    query = QueryDict(mutable=True)
    query.update({"title": "chair", "size": "small", **data})
    return FORM(query)


def test_a_form_gives_the_typed_input() -> None:
    form = filled(
        day="2026-02-03", urgent="on", tags="a\n\n b ", parts='[{"name": "leg"}]'
    )
    assert form.is_valid(), form.errors
    wish = form.data_input()
    assert wish.tags == ("a", "b")
    assert wish.parts == [Part(name="leg")]
    assert (wish.day, wish.urgent) == (datetime.date(2026, 2, 3), True)


def test_what_is_left_empty_takes_its_default() -> None:
    form = filled(count="", speed="", day="")
    assert form.is_valid(), form.errors
    assert form.data_input() == Wish(title="chair")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 21),
        ("title", "a\0b"),
        ("size", "medium"),
        ("speed", "warp"),
        ("count", "10"),
        ("count", "many"),
        ("day", "tomorrow"),
        ("parts", "[{}]"),
        ("parts", "{"),
    ],
)
def test_an_error_stands_at_its_field(field: str, value: str) -> None:
    form = filled(**{field: value})
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_nothing_but_fields_is_read() -> None:
    form = FORM(MultiValueDict({"title": ["x"], "size": ["small"], "other": ["y"]}))
    assert form.is_valid(), form.errors


def test_a_form_is_not_asked_before_it_is_checked() -> None:
    with pytest.raises(RuntimeError):
        filled().data_input()


def test_every_input_has_a_valid_schema_and_a_form() -> None:
    assert registry
    for action in registry.values():
        jsonschema.Draft202012Validator.check_schema(input_schema(action.Input))
        form_for(action.Input)()


def test_the_schema_says_what_the_input_takes() -> None:
    schema = input_schema(Wish)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    judge = jsonschema.Draft202012Validator(schema)
    assert judge.is_valid({"title": "x", "count": 3})
    assert not judge.is_valid({"title": "x", "count": 30})
    assert not judge.is_valid({"title": "x", "other": 1})


def test_a_row_has_a_valid_schema() -> None:
    schema = model_schema(Order, ("state", "customer", "total_minor", "placed_at"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["state"]["enum"]
    assert schema["properties"]["customer"]["pattern"].startswith("^cus_")


def test_a_sealed_column_has_no_schema_and_is_masked() -> None:
    with pytest.raises(Unsupported):
        field_schema(Placement, "dsn")
    assert snapshot(Placement(dsn="postgres://secret"))["dsn"] == "[sealed]"


def test_what_is_sensitive_is_left_out_of_the_audit() -> None:
    assert "note" not in masked(Wish(title="x", note="secret"))
