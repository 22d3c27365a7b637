"""The state beside the cloud's own list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioning import comparison
from provisioning.clouds.inventory import Found
from provisioning.models import StateVersion


def state(*attributes: dict[str, Any], mode: str = "managed") -> StateVersion:
    instances = [{"attributes": one} for one in attributes]
    resources = [{"mode": mode, "type": "x", "name": "y", "instances": instances}]
    return StateVersion(content=json.dumps({"resources": resources}).encode())


def tags(address: str) -> dict[str, Any]:
    return {"tags": {"paybill:address": address}, "id": address}


def found(address: str, ends: str = "") -> Found:
    return Found(address, f"id-{address}", f"arn:{address}", ends)


@pytest.mark.parametrize(
    "attributes",
    [
        {"tags": {"paybill:address": "a.b[0]"}},
        {"tags_all": {"paybill:address": "a.b[0]"}, "tags": None},
        {"labels": {"paybill-address": "a.b[0]"}},
        {"freeform_tags": {"paybill:address": "a.b[0]"}},
        {"tags": ["other", "paybill:address:a.b[0]"]},
    ],
)
def test_the_tag_is_found_wherever_a_provider_keeps_it(
    attributes: dict[str, Any],
) -> None:
    assert comparison.tagged(state(attributes)) == {"a.b[0]"}


@pytest.mark.parametrize(
    "attributes", [{}, {"tags": None}, {"tags": {}}, {"tags": ["x"]}, {"labels": 3}]
)
def test_what_carries_no_tag_is_left_out(attributes: dict[str, Any]) -> None:
    assert comparison.tagged(state(attributes)) == set()


def test_what_is_only_looked_at_is_not_ours() -> None:
    assert comparison.tagged(state(tags("a.b"), mode="data")) == set()


def test_both_say_the_same() -> None:
    version = state(tags("a.b"), tags("c.d"), {})
    same = comparison.compare(version, [found("a.b"), found("c.d")])
    assert same.none


def test_what_is_only_in_one_of_them_is_named() -> None:
    version = state(tags("a.b"), tags("c.d"))
    other = comparison.compare(
        version, [found("c.d"), found("e.f"), found("k.k", "pending deletion")]
    )
    assert other.missing == ["a.b"]
    assert [one.address for one in other.strange] == ["e.f"]
    assert [one.ends for one in other.ending] == ["pending deletion"]
    assert not other.none


def test_what_is_being_deleted_does_not_count_as_there() -> None:
    gone = comparison.compare(state(tags("k.k")), [found("k.k", "pending deletion")])
    assert gone.missing == ["k.k"]


def test_nothing_was_made_yet() -> None:
    assert comparison.compare(None, []).none
