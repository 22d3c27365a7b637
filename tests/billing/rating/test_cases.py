"""Numbers that other engines publish, answered by ours.

``PAYBILL_SHARED`` names the folder with ``data/billing/cases.json``.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from billing.rating.vectors import cases
from billing.rating.vectors.cases import ANSWERS, ELSEWHERE, Case, UnknownModel

SHARED = os.environ.get("PAYBILL_SHARED", "")
FILE = Path(SHARED) / "data" / "billing" / "cases.json"
PUBLISHED = cases.read(FILE) if SHARED and FILE.exists() else []
RATED = [case for case in PUBLISHED if case.kind not in ELSEWHERE]

needs_cases = pytest.mark.skipif(
    not PUBLISHED, reason="PAYBILL_SHARED names no folder with data/billing/cases.json"
)


@needs_cases
@pytest.mark.parametrize(("kind", "model"), sorted(ANSWERS))
def test_every_published_number_comes_out(kind: str, model: str) -> None:
    mine = [case for case in RATED if (case.kind, case.model) == (kind, model)]
    found = {case.source: wrong for case in mine if (wrong := cases.wrong(case))}
    assert found == {}


@needs_cases
def test_every_published_kind_has_an_answer() -> None:
    asked = Counter((case.kind, case.model) for case in RATED)
    assert set(asked) <= set(ANSWERS)


@needs_cases
def test_days_that_are_billed_follow_from_the_dates() -> None:
    fees = [case for case in RATED if case.model == "lago_subscription_fee"]
    for case in fees:
        first, last = (
            case.given[name] and date.fromisoformat(case.given[name])
            for name in ("from_date", "to_date")
        )
        trial = int(case.given.get("trial_days", 0))
        days = (last - first).days + 1 - trial
        assert max(0, days) == case.given["billable_days"]


def test_an_unknown_model_is_no_pass() -> None:
    with pytest.raises(UnknownModel, match="graduated by magic"):
        cases.wrong(Case("", "graduated", {"model": "magic"}, {"amount": "1"}))


def test_a_number_that_differs_is_named() -> None:
    given = {"model": "per_unit", "unit_amount": "0.10", "quantity": "150"}
    assert cases.wrong(Case("", "per_unit", given, {"amount": "15.00"})) == []
    assert cases.wrong(Case("", "per_unit", given, {"amount": "15.01"})) == [
        "amount: 15 and not 15.01"
    ]
    assert cases.wrong(Case("", "per_unit", given, {"fee": "15"})) == [
        "fee: None and not 15"
    ]


def test_what_nobody_answers_and_what_raises_fails_and_says_why() -> None:
    good = {"model": "per_unit", "unit_amount": "2", "quantity": "3"}
    tallies = cases.tally(
        [
            Case("one", "per_unit", good, {"amount": "6"}),
            Case("two", "per_unit", {**good, "quantity": "-3"}, {"amount": "-6"}),
            Case("three", "per_unit", {"model": "per_unit"}, {"amount": "6"}),
            Case("four", "magic", {}, {"amount": "6"}),
        ]
    )
    unknown, known = tallies
    assert (known.kind, known.model, known.passed) == ("per_unit", "per_unit", 1)
    assert (unknown.kind, unknown.model, unknown.passed) == ("magic", "-", 0)
    assert [line.split(":")[0] for line in known.failed] == ["two", "three"]
    assert unknown.failed == ["four: UnknownModel: nothing answers magic by -"]


# Of kinds whose published files show one form only: the other forms they may take.
OTHER_FORMS = [
    (
        "invoice_total",
        {
            "fees_cents": [151, 379],
            "coupon_on_second_fee_cents": 100,
            "tax_percents": ["10", "20"],
        },
        {"tax_per_fee_cents": [45, 84], "tax_cents": 129, "total_cents": 559},
    ),
    (
        "invoice_total",
        {"lines_cents": [-11219, 3000], "discount_cents": 1500, "tax_percent": "20"},
        {"tax_cents": -1944, "credit_to_customer_cents": 11663},
    ),
    (
        "catalog_version",
        {
            "versions": [
                {"effective": "2020-01-01", "price": "30"},
                {
                    "effective": "2021-01-15",
                    "price": "60",
                    "effective_for_existing": "2021-03-01",
                },
            ],
            "subscription_start": "2021-01-01",
            "interval": "month",
        },
        {
            "invoices": [
                ["2021-01-01", "2021-02-01", "30"],
                ["2021-02-01", "2021-03-01", "30"],
                ["2021-03-01", "2021-04-01", "60"],
            ],
            "new_subscription_2021_02_01": "60",
        },
    ),
    (
        "graduated",
        {
            "model": "graduated",
            "tiers": [{"up_to": "15", "unit_amount": "5"}, {"unit_amount": "1"}],
            "quantity": "10",
            "quantity_already_billed_in_period": "12",
            "line": "mid_period",
        },
        {"amount": "22"},
    ),
    (
        "graduated",
        {
            "model": "graduated",
            "tiers": [
                {"up_to": "10", "unit_amount": "10", "flat_amount": "2"},
                {"up_to": None, "unit_amount": "5", "flat_amount": "3"},
            ],
            "quantity": "0",
            "first_tier_flat_fee_at_zero": True,
        },
        {"amount": "2", "unit_amount_rounded": "0"},
    ),
    (
        "rounding",
        {
            "model": "round_each_line_then_sum",
            "lines": [{"quantity": "3", "unit_amount": "0.115"}, "0.115"],
            "currency": "usd",
        },
        {"subtotal": "0.47"},
    ),
    (
        "month_end",
        {
            "model": "next_date_on_bill_cycle_day",
            "date": "2022-07-19",
            "previous_date": None,
            "bill_cycle_day": 17,
            "billing_period": "NO_BILLING_PERIOD",
        },
        {"date": "2022-07-19"},
    ),
]


@pytest.mark.parametrize(("kind", "given", "expected"), OTHER_FORMS)
def test_other_forms_of_a_kind_are_read_too(
    kind: str, given: dict[str, object], expected: dict[str, object]
) -> None:
    assert cases.wrong(Case("", kind, given, expected)) == []
