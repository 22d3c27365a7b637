"""What a customer would pay, by the rules that bill, with why."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing import catalogue
from billing.actions import CreatePlan
from billing.catalogue.preview import preview_terms
from billing.rating.prices import Refused
from billing.seed import SEEDER
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import Place
from tests.billing.catalogue.samples import METERED, PER_SEAT, STEPS, card, seats
from tests.billing.desk import a_plan, sell

FIRST = datetime(2026, 1, 31, tzinfo=UTC)


def test_quantities_and_usage_are_priced_with_why(control: Place) -> None:
    plan = sell("team", 4900, prices=[PER_SEAT, METERED])
    wanted = {"seats": Decimal(7), "api-calls": Decimal(10_000)}
    first, normal = catalogue.preview(plan, wanted, start=FIRST)
    told = [(line.name, line.amount, line.why) for line in first.lines]
    assert told == [
        ("Team", 4900, "49 (flat) EUR"),
        ("Seats", 6300, "7 times 9 (usage in period) EUR"),
        ("Api calls", 2500, "10000 times 0.0025 (usage in period)"),
    ]
    assert (first.total, normal.total) == (13_700, 13_700)


def test_the_least_quantity_of_seats_is_paid_always(control: Place) -> None:
    plan = sell("team", 0, prices=[PER_SEAT])
    first, _ = catalogue.preview(plan, {})
    assert first.total == 2700


def test_phases_are_in_the_first_period_and_not_in_a_normal_one(
    control: Place,
) -> None:
    phases = [
        {"kind": "trial", "duration": "P14D"},
        {"kind": "discount", "duration": "P2M", "card": card("flat", amount="20")},
        {"kind": "evergreen", "card": card("flat", amount="40")},
    ]
    fee = {"code": "base", "kind": "fee", "phases": phases}
    written = a_plan("phased").model_dump(mode="json")
    terms = {**written, "price": None, "prices": [fee]}
    plan = perform(CreatePlan, None, terms, actor=SEEDER).result
    first, normal = catalogue.preview(plan, {}, start=datetime(2026, 3, 1, tzinfo=UTC))
    assert [(line.amount, line.why) for line in first.lines] == [
        (0, "a trial, nothing to pay"),
        (1097, "17 of 31 days of 20 (flat) EUR"),
    ]
    assert normal.total == 4000
    assert plan.price == 4000


def test_usage_by_the_month_is_twelve_times_in_a_year(control: Place) -> None:
    monthly = {**METERED, "interval": "month"}
    plan = sell("yearly", 120_000, interval="year", prices=[monthly])
    first, _ = catalogue.preview(plan, {"api-calls": Decimal(1000)})
    assert [line.amount for line in first.lines] == [120_000, *[250] * 12]


def test_a_fee_that_is_due_once_is_in_the_first_period_only(control: Place) -> None:
    setup = {"code": "setup", "kind": "once", "card": card("flat", amount="99")}
    plan = sell("team", 4900, prices=[setup])
    first, normal = catalogue.preview(plan, {})
    assert (first.total, normal.total) == (14_800, 4900)


def test_minimum_and_maximum_of_a_period_are_in_it(control: Place) -> None:
    bounded = {**METERED, "card": {**METERED["card"], "minimum": "5", "maximum": "20"}}
    plan = sell("team", 0, prices=[bounded])
    amounts = {
        used: catalogue.preview(plan, {"api-calls": Decimal(used)})[0].total
        for used in (0, 4000, 10**6)
    }
    assert amounts == {0: 500, 4000: 1000, 10**6: 2000}


def test_a_quantity_that_no_tier_holds_is_refused(control: Place) -> None:
    plan = sell("team", 0, prices=[seats("steps", card("stairstep", tiers=STEPS[:1]))])
    with pytest.raises(Refused, match="no tier"):
        catalogue.preview(plan, {"steps": Decimal(11)})
    with pytest.raises(Refused):
        catalogue.preview(plan, {"steps": Decimal(-1)})


def test_a_plan_is_previewed_before_it_is_sold(control: Place) -> None:
    terms = a_plan("draft", 4900, prices=[PER_SEAT])
    drafted = preview_terms(terms, {"seats": Decimal(4)})
    sold = catalogue.preview(
        sell("draft", 4900, prices=[PER_SEAT]), {"seats": Decimal(4)}
    )
    assert [quote.total for quote in drafted] == [quote.total for quote in sold]
