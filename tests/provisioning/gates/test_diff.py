"""A plan as people read it: one entry a resource, one line an attribute."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.gates import diff
from provisioning.gates.reading import changes
from tests.provisioning.gates.fragments import plan, resource


def shown(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    return diff.shown(changes(plan(*resources)))


def test_what_is_lost_comes_first_and_what_stays_not_at_all() -> None:
    same = {"name": "x"}
    entries = shown(
        resource("a_new.x", same),
        resource("b_changed.x", {"name": "y"}, same),
        resource("c_gone.x", None, same),
        resource("d_replaced.x", same, same, actions=["create", "delete"]),
        resource("e_same.x", same, same),
    )
    assert [(one["kind"], one["address"][0]) for one in entries] == [
        ("replace", "d"),
        ("destroy", "c"),
        ("update", "b"),
        ("create", "a"),
    ]


def test_only_attributes_that_differ_are_shown() -> None:
    (entry,) = shown(
        resource(
            "aws_a.x",
            {"size": 2, "on": True, "rules": [{"port": 80}, {"port": 443}], "same": 1},
            {"size": 1, "on": False, "rules": [{"port": 80}], "same": 1},
        )
    )
    assert [
        (line["name"], line["old"], line["new"]) for line in entry["attributes"]
    ] == [
        ("on", "false", "true"),
        ("rules.1.port", None, "443"),
        ("size", "1", "2"),
    ]


def test_a_replacement_names_its_cause() -> None:
    (entry,) = shown(
        resource(
            "aws_a.x",
            {"zone": "b"},
            {"zone": "a"},
            actions=["delete", "create"],
            replace_paths=[["zone"]],
            action_reason="replace_because_cannot_update",
        )
    )
    assert entry["cause"] == "the cloud can not change this in place"
    assert entry["attributes"][0]["forces"]


@pytest.mark.parametrize("reason", ["delete_because_count_index", "some_new_reason"])
def test_every_reason_is_said_in_words(reason: str) -> None:
    (entry,) = shown(resource("aws_a.x", None, {"a": 1}, action_reason=reason))
    assert entry["cause"]
    assert "_" not in entry["cause"]


def test_masks_hold_and_a_change_of_the_hidden_is_still_a_change() -> None:
    (entry,) = shown(
        resource(
            "aws_a.x",
            {"password": "new"},
            {"password": "old"},
            sensitive={"password": True},
            was_sensitive={"password": True},
        )
    )
    assert (entry["kind"], entry["attributes"]) == ("update", [])


def test_imports_and_moves_are_shown_though_nothing_is_made() -> None:
    same = {"name": "x"}
    found = resource("aws_a.x", same, same)
    found["change"]["importing"] = {"id": "i-1"}
    moved = resource("aws_b.x", same, same, previous_address="aws_b.old")
    entries = shown(found, moved)
    assert [(one["kind"], one["cause"]) for one in entries] == [
        ("import", "it exists already as i-1"),
        ("move", "it was aws_b.old"),
    ]


def test_long_values_and_many_attributes_are_bounded() -> None:
    many = {f"n{number}": "x" * 1000 for number in range(500)}
    (entry,) = shown(resource("aws_a.x", many))
    assert len(entry["attributes"]) == diff.MOST
    assert entry["more"] == 300
    assert len(entry["attributes"][0]["new"]) == diff.LONGEST + 1
