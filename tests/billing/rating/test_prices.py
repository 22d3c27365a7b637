"""Prices: each model by a worked example, and what makes no sense is refused."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from billing.rating.cards import RateCard
from billing.rating.packages import Package, Rounding
from billing.rating.percentages import GraduatedPercentage, Percentage
from billing.rating.prices import Flat, PerUnit, Refused, rate_buckets
from billing.rating.stored import to_data
from billing.rating.tiers import BeyondTiers, Graduated, Stairstep, Tier, Volume

TIERS = (
    Tier(D(5), flat_amount=D(100)),
    Tier(D(10), flat_amount=D(50)),
    Tier(D(15), unit_amount=D(5)),
    Tier(None, unit_amount=D(1)),
)
CARDS = TypeAdapter(RateCard)


def test_twelve_decimals_of_a_unit_are_exact() -> None:
    assert PerUnit(D("0.000000000001")).rate(10**12).total == 1


def test_a_thirteenth_decimal_is_refused() -> None:
    with pytest.raises(Refused, match="12 decimals"):
        PerUnit(D("0.0000000000001"))


def test_seats_are_sold_from_a_least_number_on() -> None:
    assert PerUnit(D(8), minimum=D(10)).rate(3).total == 80


def test_each_unit_is_in_its_own_tier_and_the_sum_can_be_followed() -> None:
    rated = Graduated(TIERS).rate(22)
    assert rated.total == 182
    assert rated.words == (
        "100 (flat tier 1) + 50 (flat tier 2)"
        " + 5 times 5 (usage tier 3) + 7 times 1 (usage tier 4)"
    )


@pytest.mark.parametrize(
    ("before", "more", "total"), [(12, 10, 22), (7, 1, 0), (5, 1, 50), (0, 0, 0)]
)
def test_more_units_are_priced_where_they_fall(
    before: int, more: int, total: int
) -> None:
    assert Graduated(TIERS).rate_more(more, after=before).total == total


def test_a_flat_fee_at_zero_is_a_choice_of_the_price() -> None:
    for model in (Graduated, Volume):
        assert model(TIERS).rate(0).total == 0
        assert model(TIERS, flat_at_zero=True).rate(0).total == 100


def test_one_more_unit_may_cost_less_in_all() -> None:
    price = Volume((Tier(D(15), D(10)), Tier(None, D(5))))
    assert [price.rate(n).total for n in (15, 16)] == [150, 80]


def test_a_quantity_beyond_the_last_step_is_refused() -> None:
    stairs = Stairstep((Tier(D(1000), flat_amount=D(750)),))
    with pytest.raises(BeyondTiers, match="1001"):
        stairs.rate(1001)


def test_packages_that_are_not_full_count_as_said() -> None:
    assert Package(D(1), D(100), Rounding.UP).rate(150).total == 2
    assert Package(D(1), D(100), Rounding.DOWN).rate(150).total == 1
    assert rate_buckets(Package(D(1), D(10)), [9, 10]).total == 2


def test_a_transaction_costs_a_percentage_and_a_fixed_part() -> None:
    price = Percentage(D("1.5"), fixed=D("0.25"))
    assert price.rate_each([100, 200]).total == Fraction("5.00")


def test_what_is_free_of_transactions_goes_first() -> None:
    by_events = Percentage(D(10), fixed=D(1), free_events=1)
    assert by_events.rate_each([100, 50]).total == 6
    by_amount = Percentage(D(10), fixed=D(1), free_amount=D(120))
    # 20 of the second is free; the rest of it is a transaction like others.
    assert by_amount.rate_each([100, 50]).total == 4
    both = Percentage(D(10), fixed=D(1), free_events=1, free_amount=D(30))
    assert both.rate_each([100, 50]).total == 7 + 1 + 5 + 1


def test_a_transaction_is_bounded_on_both_sides() -> None:
    price = Percentage(D(1), least=D("0.50"), most=D(5))
    assert price.rate_each([10, 100, 10_000]).total == Fraction("6.50")


def test_each_part_of_a_turnover_has_its_own_percentage() -> None:
    price = GraduatedPercentage((Tier(D(1000), D(2), D(10)), Tier(None, D(1))))
    assert price.rate(1500).total == 10 + 20 + 5


def test_free_units_come_off_first_and_the_percentage_last() -> None:
    card = RateCard(PerUnit(D(2)), free_units=D(10), percent_off=D(25))
    assert card.rate(110).total == 150
    assert card.rate(110).words == "100 times 2 (usage in period) + -50 (25% off)"
    assert card.rate(5).total == 0


@pytest.mark.parametrize(
    ("tiers", "why"),
    [
        ((), "at least one"),
        ((Tier(D(5)), Tier(D(5))), "each reaches further"),
        ((Tier(None), Tier(D(5))), "each reaches further"),
        ((Tier(D(0)), Tier(None)), "each reaches further"),
    ],
)
def test_tiers_out_of_order_are_refused(tiers: tuple[Tier, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        Graduated(tiers)


@pytest.mark.parametrize("price", [PerUnit(D(1)), Graduated(TIERS), Volume(TIERS)])
def test_a_quantity_below_zero_is_refused(price: PerUnit | Graduated | Volume) -> None:
    with pytest.raises(Refused, match="-1"):
        price.rate(-1)


def test_nonsense_in_a_card_is_refused() -> None:
    with pytest.raises(Refused, match="must be zero or more"):
        Flat(D(-1))
    with pytest.raises(Refused, match="more than all"):
        RateCard(Flat(D(1)), percent_off=D(101))
    with pytest.raises(Refused, match="more than the maximum"):
        RateCard(Flat(D(1)), minimum=D(2), maximum=D(1))
    with pytest.raises(Refused, match="not shared"):
        RateCard(PerUnit(D(1)), free_units=D(1)).rate_parts([1, 2])


def test_a_card_is_kept_as_json_without_loss() -> None:
    card = RateCard(Graduated(TIERS), minimum=D("10.00"))
    assert CARDS.validate_python(to_data(CARDS, card)) == card


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"model": "magic"}, "price"),
        ({"model": "per_unit", "unit_amount": "1", "discount": "2"}, "discount"),
        ({"model": "volume", "tiers": [{"up_to": "1", "unit_amount": "-2"}]}, "tiers"),
    ],
)
def test_a_card_with_an_error_says_where(wrong: dict[str, object], place: str) -> None:
    with pytest.raises(ValidationError, match=place):
        CARDS.validate_python({"price": wrong})
