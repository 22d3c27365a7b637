"""Prices in words, and what somebody would pay, before anything is ordered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.models import Plan, Price
from billing.portal.prices import amount, in_words
from billing.states import PriceKind
from tests.billing.desk import sell
from tests.cast import browser

TIERS = [
    {"up_to": "10", "unit_amount": "5"},
    {"up_to": None, "unit_amount": "4", "flat_amount": "20"},
]


def price(card: dict[str, Any], kind: str = PriceKind.USAGE, **more: Any) -> Price:
    return Price(
        name="Calls",
        kind=kind,
        currency="EUR",
        card=card,
        interval="month",
        **more,
    )


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"model": "flat", "amount": "30"}, "€30.00"),
        (
            {"model": "per_unit", "unit_amount": "0.0025"},
            "€0.0025 for each call",
        ),
        (
            {"model": "graduated", "tiers": TIERS},
            "calls: €5.00 each up to 10, €4.00 each and €20.00 beyond",
        ),
        (
            {"model": "volume", "tiers": TIERS},
            "calls, all at the step of their number: €5.00 each up to 10,"
            " €4.00 each and €20.00 beyond",
        ),
        (
            {"model": "package", "amount": "3", "size": "1000"},
            "€3.00 for each 1,000 calls begun",
        ),
        (
            {"model": "percentage", "percent": "2.5", "fixed": "0.3"},
            "2.5% of the calls and €0.30 each",
        ),
    ],
)
def test_every_model_of_price_is_told(card: dict[str, Any], said: str) -> None:
    assert in_words(price({"price": card})) == said


def test_what_surrounds_a_price_is_told_too() -> None:
    card = {
        "price": {"model": "per_unit", "unit_amount": "8"},
        "free_units": "2",
        "percent_off": "10",
        "minimum": "20",
    }
    seats = price(card, PriceKind.SEAT)
    seats.name = "Seats"
    assert in_words(seats) == (
        "€8.00 for each seat a month, 2 are free, less 10%, at least €20.00"
    )


def test_phases_are_told_one_after_the_other() -> None:
    cheap = {"price": {"model": "flat", "amount": "10"}}
    phases = [
        {"kind": "discount", "card": cheap, "duration": "P3M"},
        {"kind": "evergreen", "card": {"price": {"model": "flat", "amount": "30"}}},
    ]
    assert in_words(price({}, PriceKind.FEE, phases=phases)) == (
        "the first 3 months: €10.00 a month, then €30.00 a month"
    )


def test_amounts_have_the_digits_of_their_currency() -> None:
    assert amount(Decimal("1234.5"), "EUR") == "€1,234.50"
    assert amount(Decimal("500"), "JPY") == "¥500"


@pytest.fixture
def metered(control: object) -> Plan:
    seats = {"price": {"model": "per_unit", "unit_amount": "8"}}
    return sell(
        "grown",
        prices=[{"code": "seats", "kind": "seat", "card": seats}],
    )


def test_anybody_can_work_out_what_a_plan_costs(metered: Plan) -> None:
    assert "for each seat" in browser().get("/plans/").content.decode()
    page = browser().get("/plans/grown/?seats=5").content.decode()
    assert "€70.00" in page  # 30 and 5 times 8
    assert browser().get("/plans/grown/").status_code == 200
    assert browser().get("/plans/nothing/").status_code == 404


@pytest.mark.parametrize("seats", ["-1", "x", "1" * 40])
def test_absurd_numbers_are_refused_where_they_are(metered: Plan, seats: str) -> None:
    answer: Any = browser().get(f"/plans/grown/?seats={seats}")
    assert answer.status_code == 422
    assert "needs your attention" in answer.content.decode()
