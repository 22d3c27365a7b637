"""A plan is the same when only ids of new rows and the moment differ, else not."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.approvals.plans import Plan, difference, events_of, in_terms_of
from paybill_site.kernel.ids import new_id

THEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def plan(at: datetime, made: str, key: int, **other: Any) -> Plan:
    """A refund is made, and an order notes it; new rows have other ids each time."""
    refund = f"shop.refund:{made}"
    order = "shop.order:ord_00000000000000000000000001"
    changes = [
        (refund, "id", None, key),
        (refund, "public_id", None, made),
        (refund, "at", None, at.isoformat()),
        (refund, "valid_until", None, (at + timedelta(days=30)).isoformat()),
        (refund, "amount", None, other.get("amount", 500)),
        (order, "refund", None, made),
        (order, "note", "", f"see {made}"),
        (order, "state", "paid", other.get("state", "refunded")),
    ]
    names = ("row", "field", "before", "after")
    event = {"name": "shop.refunded", "refund": made, "lines": [made, 1]}
    return Plan(
        who=("agt_1", "", ""),
        action="shop.refund",
        arguments="{}",
        target=order,
        version="v1",
        step=("wfr_1", "d1", "open", "0", "refund"),
        at=at,
        changes=tuple(dict(zip(names, one, strict=True)) for one in changes),
        events=({**event, "to": other.get("to", "bank")},),
    )


SHOWN = plan(THEN, new_id("rfd"), 41)


def stored(shown: Plan) -> dict[str, Any]:
    """As the database gives it back."""
    kept: dict[str, Any] = json.loads(json.dumps(shown.shown()))
    return kept


@given(
    hours=st.integers(0, 24 * 30),
    millis=st.integers(-900, 900),
    key=st.integers(1, 10**9),
)
def test_other_ids_and_a_later_moment_are_the_same(
    hours: int, millis: int, key: int
) -> None:
    later = THEN + timedelta(hours=hours)
    now = plan(later, new_id("rfd"), key)
    # The row's clock and the caller's are not read at the very same time.
    now = replace(now, at=later + timedelta(milliseconds=millis))
    settled = in_terms_of(stored(SHOWN), now)
    assert difference(stored(SHOWN), settled) == ""
    assert settled.digest() == SHOWN.digest()


@pytest.mark.parametrize(
    "other", [{"amount": 501}, {"state": "closed"}, {"to": "elsewhere"}]
)
def test_any_other_value_is_another_plan(other: dict[str, Any]) -> None:
    now = plan(THEN + timedelta(hours=1), new_id("rfd"), 42, **other)
    settled = in_terms_of(stored(SHOWN), now)
    assert difference(stored(SHOWN), settled)
    assert settled.digest() != SHOWN.digest()


@given(
    index=st.integers(0, len(SHOWN.changes) - 1),
    member=st.sampled_from(["row", "field", "before", "after"]),
    value=st.one_of(st.text(max_size=30), st.integers(), st.none(), st.booleans()),
)
def test_no_change_of_a_row_goes_unseen(index: int, member: str, value: Any) -> None:
    changes = copy.deepcopy(list(SHOWN.changes))
    if changes[index][member] == value and type(changes[index][member]) is type(value):
        return
    if index < 2 and member == "after":
        return  # what a new row is called is another thing each time
    changed = {**changes[index], member: value}
    changes[index] = changed
    now = replace(SHOWN, changes=tuple(changes))
    assert in_terms_of(stored(SHOWN), now).digest() != SHOWN.digest()


def test_a_figure_is_no_key_even_if_a_row_has_its_number() -> None:
    shown = plan(THEN, new_id("rfd"), 41, amount=41)
    now = plan(THEN, new_id("rfd"), 42, amount=42)
    assert in_terms_of(stored(shown), now).digest() != shown.digest()


@given(st.integers(0, len(SHOWN.changes) - 1))
def test_a_row_more_or_less_is_another_plan(index: int) -> None:
    changes = list(SHOWN.changes)
    for other in (changes[:index] + changes[index + 1 :], [*changes, changes[index]]):
        now = replace(SHOWN, changes=tuple(other))
        assert in_terms_of(stored(SHOWN), now).digest() != SHOWN.digest()


@pytest.mark.parametrize(
    "other",
    [
        {"who": ("agt_2", "")},
        {"who": ("agt_1", "usr_1")},
        {"action": "shop.other"},
        {"arguments": '{"a": 1}'},
        {"target": "shop.order:ord_2"},
        {"version": "v2"},
        {"step": ("wfr_1", "d1", "open", "1", "refund")},
        {"events": ()},
    ],
)
def test_a_plan_is_all_of_it(other: dict[str, Any]) -> None:
    now = replace(SHOWN, **other)
    assert in_terms_of(stored(SHOWN), now).digest() != SHOWN.digest()


def test_an_existing_row_does_not_pass_for_another() -> None:
    """Only rows that are made may have other ids; the order is the same one or not."""
    changes = [
        {**c, "row": c["row"].replace("ord_00000000000000000000000001", new_id("ord"))}
        for c in SHOWN.changes
    ]
    now = replace(SHOWN, changes=tuple(changes))
    assert in_terms_of(stored(SHOWN), now).digest() != SHOWN.digest()


def test_the_frames_own_events_are_nobody_elses_business() -> None:
    told = [{"name": "agents.run_due"}, {"name": "shop.refunded"}]
    assert events_of(told) == ({"name": "shop.refunded"},)
