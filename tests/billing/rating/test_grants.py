"""What plan, add-ons and overrides grant together, whatever they are."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.rating.grants import NOTHING, Allowance, Grant, merged

NAMES = st.sampled_from(["agents", "orders", "sso"])
COUNTS = st.none() | st.integers(0, 10**6)
LIMITS = st.dictionaries(NAMES, COUNTS)
METERED = st.dictionaries(NAMES, st.builds(Allowance, COUNTS, st.booleans()))
BOOLEANS = st.dictionaries(NAMES, st.booleans())
GRANTS = st.builds(Grant, BOOLEANS, LIMITS, METERED)
QUANTITIES = st.integers(0, 50).map(Decimal)
ADDONS = st.lists(st.tuples(GRANTS, QUANTITIES), max_size=4)


@given(GRANTS)
def test_a_plan_alone_grants_what_it_says(plan: Grant) -> None:
    assert merged(plan) == plan
    assert merged(plan, [(plan, Decimal(0))]) == plan


@given(GRANTS, ADDONS)
def test_an_addon_never_takes_anything_away(
    plan: Grant, addons: list[tuple[Grant, Decimal]]
) -> None:
    granted = merged(plan, addons)
    for name, limit in plan.limits.items():
        got = granted.limits[name]
        assert got is None or (limit is not None and got >= limit)
    assert all(granted.features[name] for name, there in plan.features.items() if there)


@given(GRANTS, ADDONS)
def test_the_order_of_addons_counts_for_configuration_only(
    plan: Grant, addons: list[tuple[Grant, Decimal]]
) -> None:
    turned = list(reversed(addons))
    assert merged(plan, addons) == merged(plan, turned)


@given(GRANTS, GRANTS, QUANTITIES)
def test_so_many_of_an_addon_are_so_many_times_its_limit(
    plan: Grant, addon: Grant, quantity: Decimal
) -> None:
    once = [(addon, Decimal(1))] * int(quantity)
    assert merged(plan, [(addon, quantity)]) == merged(plan, once)


@given(GRANTS, ADDONS, GRANTS)
def test_an_override_has_the_last_word(
    plan: Grant, addons: list[tuple[Grant, Decimal]], override: Grant
) -> None:
    granted = merged(plan, addons, override)
    assert override.limits.items() <= granted.limits.items()
    assert override.features.items() <= granted.features.items()
    assert override.metered.items() <= granted.metered.items()


def test_configuration_is_that_of_the_addon_taken_last() -> None:
    plan = Grant({"support": "by e-mail", "seats": 5})
    phone, visits = Grant({"support": "by telephone"}), Grant({"support": "on site"})
    taken = [(phone, Decimal(1)), (visits, Decimal(1))]
    assert merged(plan, taken).features == {"support": "on site", "seats": 5}
    assert merged(plan, taken[::-1]).features["support"] == "by telephone"
    without = Grant({"support": False})
    assert merged(plan, [(without, Decimal(1))]).features["support"] == "by e-mail"


def test_a_limit_is_soft_as_soon_as_one_grants_it_so() -> None:
    plan = Grant(metered={"api_calls": Allowance(1000, hard=True)})
    addon = Grant(metered={"api_calls": Allowance(500, hard=False)})
    both = merged(plan, [(addon, Decimal(2))])
    assert both.metered["api_calls"] == Allowance(2000, hard=False)
    assert both.licensed == {"api_calls": {"limit": 2000, "hard": False}}
    assert merged(plan, override=NOTHING).metered["api_calls"].hard
