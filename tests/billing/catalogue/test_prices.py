"""A plan is written down with prices of every kind; what makes no sense is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.actions import CreatePlan
from billing.models import Plan, Price, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.planes import Place
from tests.billing.catalogue.samples import (
    EVERY_MODEL,
    METERED,
    PER_SEAT,
    STEPS,
    TIERS,
    card,
    seats,
    usage,
)
from tests.billing.desk import a_plan, sell

EXTRA = {"code": "extra", "kind": "fee"}
FLAT = card("flat", amount="5")


def test_the_short_form_is_one_flat_fee_in_advance(control: Place) -> None:
    price = sell("plain", 4900).prices.get()
    assert (price.code, price.kind, price.timing) == ("base", "fee", "advance")
    assert price.rate_card.rate(1).total == 49


def test_every_model_of_price_is_kept_as_it_was_written(control: Place) -> None:
    plan = sell("all", 1000, prices=EVERY_MODEL)
    rows = {row.code: row for row in plan.prices.all()}
    assert set(rows) == {"base", *(each["code"] for each in EVERY_MODEL)}
    assert {row.timing for row in rows.values() if row.kind == "usage"} == {"arrears"}
    assert rows["bounded"].rate_card.maximum == 500
    assert [phase.kind for phase in rows["phased"].phased] == [
        "trial",
        "discount",
        "evergreen",
    ]
    assert rows["phased"].rate_card == rows["phased"].phased[-1].card
    assert plan.price == 1000


def test_usage_of_a_yearly_plan_is_billed_by_the_month(control: Place) -> None:
    monthly = {**METERED, "interval": "month"}
    plan = sell("yearly", 120_000, interval="year", prices=[PER_SEAT, monthly])
    every = {row.code: (row.interval, row.interval_count) for row in plan.prices.all()}
    assert every == {
        "base": ("year", 1),
        "seats": ("year", 1),
        "api-calls": ("month", 1),
    }


def test_a_plan_has_each_price_in_each_of_its_currencies(control: Place) -> None:
    dollars = {
        "code": "base",
        "name": "Twice",
        "kind": "fee",
        "currency": "USD",
        "card": card("flat", amount="55"),
    }
    plan = sell("twice", 5000, prices=[dollars])
    assert set(plan.prices.values_list("code", "currency")) == {
        ("base", "EUR"),
        ("base", "USD"),
    }


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([{**EXTRA}], "either a card or phases"),
    ([{**EXTRA, "card": FLAT, "currency": "XXX"}], "no currency"),
    ([{**EXTRA, "card": FLAT, "currency": "USD"}], "not said in"),
    ([{**EXTRA, "card": FLAT, "meter": "calls"}], "usage names its meter"),
    ([{**EXTRA, "kind": "usage", "card": FLAT}], "usage names its meter"),
    ([usage("calls", FLAT, meter="Not A Meter")], "meter"),
    ([usage("calls", FLAT, timing="advance")], "in arrears"),
    ([{**EXTRA, "code": "base", "card": FLAT}], "base in EUR is there twice"),
    ([seats("s", card("percentage", percent="1"))], "percentage is for usage"),
    ([{**EXTRA, "card": card("volume", tiers=TIERS)}], "volume counts seats"),
    ([usage("u", card("graduated", tiers=TIERS[:1]))], "last tier has none"),
    ([seats("s", card("graduated", tiers=TIERS[::-1]))], "each reaches further"),
    ([seats("s", card("graduated", tiers=[]))], "at least one"),
    ([seats("s", card("stairstep", tiers=TIERS))], "flat amounts only"),
    ([seats("s", card("per_unit", unit_amount="-1"))], "zero or more"),
    ([seats("s", card("per_unit", unit_amount="1e13"))], "more than"),
    ([seats("s", card("per_unit", unit_amount="0.0000000000001"))], "decimals"),
    ([seats("s", card("per_unit", unit_amount="much"))], "decimal"),
    ([seats("s", card("guesswork"))], "possible here"),
    ([seats("s", {**card("volume", tiers=STEPS), "minimum": "5"})], "commitments"),
    ([usage("u", {**FLAT, "minimum": "9", "maximum": "5"})], "more than the maximum"),
    ([usage("u", {**FLAT, "percent_off": "101"})], "more than all"),
    ([{**EXTRA, "card": FLAT, "interval": "year"}], "not made of whole ones"),
    ([{**EXTRA, "card": FLAT, "interval": "week"}], "not made of whole ones"),
    ([{**EXTRA, "card": FLAT, "interval_count": 3}], "of which interval"),
    ([{**EXTRA, "phases": [{"kind": "trial", "duration": "P1M"}]}], "goes on"),
    (
        [{**EXTRA, "phases": [{"kind": "trial"}, {"kind": "evergreen"}]}],
        "only the last one goes on",
    ),
    (
        [
            {
                **EXTRA,
                "phases": [
                    {"kind": "trial", "duration": "soon"},
                    {"kind": "evergreen"},
                ],
            }
        ],
        "ISO 8601",
    ),
    (
        [
            {
                **EXTRA,
                "phases": [
                    {"kind": "trial", "duration": "P9999999Y"},
                    {"kind": "evergreen"},
                ],
            }
        ],
        "ten years",
    ),
]


@pytest.mark.parametrize(("prices", "why"), REFUSED)
def test_a_price_that_makes_no_sense_is_refused(
    operator: Actor, prices: list[dict[str, Any]], why: str
) -> None:
    terms = {**a_plan("odd").model_dump(mode="json"), "prices": prices}
    with pytest.raises(Invalid, match=why):
        perform(CreatePlan, None, terms, actor=operator)
    assert not Plan.objects.filter(code="odd").exists()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"price": None}, "0 if nothing"),
        ({"kind": "addon"}, "names the plans"),
        ({"beside": ["team"]}, "for add-ons"),
        ({"kind": "addon", "beside": ["team"], "trial_days": 3}, "not for add-ons"),
        ({"isolations": ["silo"]}, "the default"),
        ({"sizes": ["large"]}, "the default"),
        ({"moves": ["pooled-to-silo"]}, "not between"),
        ({"metered": {"api_calls": {"limit": -1}}}, "metered"),
        (
            {
                "effective_from": "2030-02-01T00:00:00Z",
                "effective_for_existing": "2030-01-01T00:00:00Z",
            },
            "before effective_from",
        ),
        ({"effective_from": "2030-02-01T00:00:00"}, "timezone"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(
    operator: Actor, said: dict[str, Any], why: str
) -> None:
    terms = {**a_plan("odd").model_dump(mode="json"), **said}
    with pytest.raises(Invalid, match=why):
        perform(CreatePlan, None, terms, actor=operator)
    assert not Plan.objects.filter(code="odd").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_price SET name = 'cheaper'",
        "DELETE FROM billing_price",
        "INSERT INTO billing_price (public_id, plan_id, code, name, kind, currency,"
        " card, phases, timing, interval, interval_count, meter, position)"
        " SELECT 'prc_more', plan_id, 'more', name, kind, currency, card, phases,"
        " timing, interval, interval_count, meter, 1 FROM billing_price LIMIT 1",
    ],
)
def test_prices_of_a_plan_that_was_sold_do_not_change(
    subscription: Subscription, statement: str
) -> None:
    before = list(Price.objects.values())
    with (
        pytest.raises(IntegrityError, match="final"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(Price.objects.values()) == before
