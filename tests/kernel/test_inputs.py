"""Inputs from JSON: strict, and errors that name fields and never values."""

from __future__ import annotations

import datetime
import enum
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.inputs import Input, parse


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Input):
    name: str = Field(max_length=10)


class Wish(Input):
    """An input with a bit of everything."""

    title: str = Field(max_length=20)
    count: int = Field(1, ge=1, le=9)
    colour: Colour = Colour.RED
    day: datetime.date | None = None
    urgent: bool = False
    parts: tuple[Part, ...] = ()


def test_json_becomes_a_typed_input() -> None:
    given = {"title": " x ", "day": "2026-02-03", "colour": "blue"}
    wish = parse(Wish, {**given, "parts": [{"name": "p"}]})
    assert isinstance(wish, Wish)
    assert (wish.title, wish.day, wish.colour) == (
        "x",
        datetime.date(2026, 2, 3),
        Colour.BLUE,
    )
    assert wish.parts == (Part(name="p"),)


def test_an_input_passes_as_it_is() -> None:
    wish = Wish(title="x")
    assert parse(Wish, wish) is wish


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "title"),
        ({"title": SECRET * 9}, "title"),
        ({"title": "x", "count": SECRET}, "count"),
        ({"title": "x", "count": "3"}, "count"),
        ({"title": "x", "count": 10**400}, "count"),
        ({"title": "x", "colour": SECRET}, "colour"),
        ({"title": "x", "day": SECRET}, "day"),
        ({"title": "x", "urgent": "yes"}, "urgent"),
        ({"title": "x", "parts": [{"name": SECRET * 9}]}, "parts.0.name"),
        ({"title": "x", "parts": SECRET}, "parts"),
        ({"title": "x", "other": SECRET}, "other"),
        ({"title": "x", "o" * 500: SECRET}, "?"),
        ({"title": f"{SECRET}\0"}, ""),
        ({"title": "x", "parts": [{"name": "\0"}]}, "parts.0"),
        ([SECRET], ""),
        (SECRET, ""),
    ],
)
def test_an_error_names_the_field_and_never_the_value(data: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(Wish, data)
    problem = caught.value.problem()
    assert problem["status"] == 422
    assert SECRET not in str(problem)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert len(str(problem)) < 2000


@pytest.mark.parametrize(
    "data", [{"title": float("nan")}, {"title": {1, 2}}, {"title": "\ud800"}]
)
def test_what_is_no_json_is_refused(data: Any) -> None:
    with pytest.raises(Invalid):
        parse(Wish, data)


def test_nesting_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Invalid):
        parse(Wish, {"title": deep})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_no_json_is_an_error_of_the_program(data: Any) -> None:
    wish: Input | None = None
    with suppress(Invalid):
        wish = parse(Wish, data)
    assert wish is None or isinstance(wish, Wish)
