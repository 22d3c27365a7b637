"""The monthly estimate: what is priced, what is not, and that sums are sums."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.gates import costs
from provisioning.gates.reading import changes
from provisioning.gates.tables import table
from tests.provisioning.gates.fragments import context, plan, resource

DATABASE = "aws_db_instance.main"
SMALL = {"instance_class": "db.t4g.small", "allocated_storage": 20, "multi_az": False}


def estimate(*resources: dict[str, Any], **facts: Any) -> dict[str, Any]:
    facts = {"region": "us-east-1", **facts}
    return costs.estimate(changes(plan(*resources)), context(**facts))


def test_a_new_database_costs_its_instance_and_its_storage() -> None:
    found = estimate(resource(DATABASE, SMALL))
    assert [(line["what"], line["after"]) for line in found["lines"]] == [
        ("instance", 2336),
        ("storage, GiB", 230),
    ]
    assert (found["before"], found["after"], found["difference"]) == (0, 2566, 2566)
    assert found["currency"] == "USD"


def test_a_change_shows_both_sides_and_a_destroy_ends_at_nothing() -> None:
    grown = estimate(resource(DATABASE, {**SMALL, "allocated_storage": 40}, SMALL))
    assert grown["difference"] == 230
    gone = estimate(resource(DATABASE, None, SMALL))
    assert (gone["before"], gone["after"]) == (2566, 0)
    stays = estimate(resource(DATABASE, SMALL, SMALL))
    assert (stays["before"], stays["difference"]) == (2566, 0)


def test_two_zones_cost_twice_and_regions_have_factors() -> None:
    assert estimate(resource(DATABASE, {**SMALL, "multi_az": True}))["after"] == 5132
    frankfurt = estimate(resource(DATABASE, SMALL), region="eu-central-1")
    assert frankfurt["after"] == 2733 + 269


@pytest.mark.parametrize(
    ("change", "facts", "why"),
    [
        (resource(DATABASE, {"instance_class": "db.x.y"}), {}, "no price for instance"),
        (resource(DATABASE, {}, unknown={"instance_class": True}), {}, "known after"),
        (resource("aws_s3_bucket.a", {}), {}, "paid by use: by what is stored"),
        (resource("aws_quantum.a", {}), {}, "not in the table of prices"),
        (resource("aws_kms_key.a", {}), {"region": "mars-1"}, "no prices for aws mars"),
        (
            resource(DATABASE, {"allocated_storage": "NaN"}),
            {},
            "allocated_storage: NaN",
        ),
    ],
)
def test_what_has_no_price_is_listed_with_the_reason(
    change: dict[str, Any], facts: dict[str, Any], why: str
) -> None:
    found = estimate(change, **facts)
    assert any(why in entry["why"] for entry in found["unpriced"])


def test_what_is_free_is_not_listed() -> None:
    found = estimate(resource("aws_vpc.a", {}), resource("aws_iam_role.a", {}))
    assert (found["lines"], found["unpriced"]) == ([], [])


def test_every_cloud_has_prices_and_regions() -> None:
    prices = table("prices")
    types = {entry["type"].split("_")[0] for entry in prices["price"]}
    assert types == {"aws", "azurerm", "google", "oci", "ibm"}
    assert set(prices["regions"]) == {
        "local", "aws", "azure", "google", "oracle", "ibm"
    }  # fmt: skip


def test_the_table_has_a_date_and_prices_that_are_exact() -> None:
    prices = table("prices")
    assert prices["as_of"]
    assert "list prices" in prices["basis"]
    for entry in prices["price"]:
        month = entry["month"]
        for text in month.values() if isinstance(month, dict) else [month]:
            assert isinstance(text, str)
            assert Decimal(text) > 0
        assert entry["type"] not in prices["use"]


def test_what_may_be_bought_has_a_price() -> None:
    """Each instance class that the table of sizes admits can be estimated."""
    priced = {
        (entry["type"], entry["by"]): set(entry["month"])
        for entry in table("prices")["price"]
        if "by" in entry
    }
    for choice in table("sizes")["choice"]:
        known = priced.get((choice["type"], choice["attribute"]))
        if known is not None:
            for size in table("sizes")["order"]:
                assert set(choice[size]) <= known


classes = st.sampled_from(
    ["db.t4g.micro", "db.t4g.small", "db.m7g.large", "db.unknown", None]
)
storage = st.one_of(st.none(), st.integers(0, 100_000), st.just("much"))
databases = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "instance_class": classes,
            "allocated_storage": storage,
            "multi_az": st.booleans(),
        }
    ),
)
pairs = st.lists(st.tuples(databases, databases), max_size=8)


@given(pairs)
def test_sums_are_sums_of_lines_and_all_is_whole_minor_units(
    made: list[tuple[Any, Any]],
) -> None:
    rows = [
        resource(f"aws_db_instance.n{i}", after, before)
        for i, (before, after) in enumerate(made)
        if before is not None or after is not None
    ]
    found = estimate(*rows)
    for side in ("before", "after"):
        amounts = [line[side] for line in found["lines"]]
        assert all(type(amount) is int and amount >= 0 for amount in amounts)
        assert found[side] == sum(amounts)
    assert found["difference"] == found["after"] - found["before"]
    told = {entry["address"] for entry in found["lines"] + found["unpriced"]}
    assert told == {row["address"] for row in rows}


@given(pairs)
def test_the_other_way_round_is_the_other_sign(made: list[tuple[Any, Any]]) -> None:
    rows = [(b, a) for b, a in made if b is not None or a is not None]
    there = [resource(f"aws_db_instance.n{i}", a, b) for i, (b, a) in enumerate(rows)]
    back = [resource(f"aws_db_instance.n{i}", b, a) for i, (b, a) in enumerate(rows)]
    assert estimate(*there)["difference"] == -estimate(*back)["difference"]


@given(st.integers(0, 10**9))
def test_one_line_is_rounded_once_half_to_even(gib: int) -> None:
    line = estimate(resource(DATABASE, {**SMALL, "allocated_storage": gib}))["lines"][1]
    exact = Decimal(gib) * Decimal("0.115") * 100
    assert line["after"] == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
