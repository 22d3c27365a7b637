"""Public ids: sortable, recognisable, never guessable."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paybill_site.kernel.ids import is_id, new_id

# Written out: every process has to collect the same tests.
GOOD = "ten_01m7yrfzkbz77jsxv5v7hkxwx0"


def test_later_ids_sort_after_earlier_ones() -> None:
    made = []
    for _ in range(5):
        made.append(new_id("ten"))
        time.sleep(0.002)
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id("run") for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "text",
    ["", "ten_", "ten_UPPER", GOOD[:-1], GOOD + "0", "ten-1", "1"],
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert is_id(GOOD)
    assert not is_id(text)


def test_an_id_has_its_prefix_and_no_line_end() -> None:
    assert is_id(new_id("ten"), "ten")
    assert not is_id(new_id("run"), "ten")
    assert not is_id(new_id("ten") + "\n")


@given(st.text())
def test_no_text_breaks_the_recognition(text: str) -> None:
    assert is_id(text) in {True, False}
