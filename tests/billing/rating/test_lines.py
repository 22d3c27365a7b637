"""Lines say how they came about; usage is billed as what is new since last time."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from billing.rating import credit_notes, discounts, lines, metering, taxes, totals
from billing.rating.cards import RateCard
from billing.rating.commitments import true_up
from billing.rating.cycles import days_of
from billing.rating.discounts import AmountOff, Coupon, Duration, PercentOff
from billing.rating.lines import Charge, Licensed, UnknownRule, from_inputs
from billing.rating.metering import Metered
from billing.rating.packages import Package
from billing.rating.prices import Flat, PerUnit, Refused
from billing.rating.shares import Share
from billing.rating.taxes import Assessment
from billing.rating.tiers import Tier, Volume
from tests.billing.rating.samples import runs as each_run

VOLUME = RateCard(Volume((Tier(D(15), D(10)), Tier(None, D(5)))))
HALF = Share(1, 2)


def runs(card: RateCard, *quantities: int) -> list[int]:
    return list(each_run(card, "EUR", [D(quantity) for quantity in quantities]))


def test_a_fee_for_some_days_says_how_many() -> None:
    line = Licensed(
        card=RateCard(Flat(D("24.95"))), currency="EUR", share=days_of(9, 31)
    )
    assert line.amount == 724
    assert line.why == "9 of 31 days of 24.95 (flat) EUR"


def test_what_was_billed_before_is_told() -> None:
    line = Charge(unit_amount=2495, currency="EUR", part=86_400, whole=31 * 86_400)
    second = Charge(
        unit_amount=2495,
        currency="EUR",
        part=86_400,
        whole=31 * 86_400,
        before=86_400,
    )
    assert (line.amount, second.amount) == (80, 81)
    assert second.why == "1 of 31 days, after 1 that were billed of 24.95 EUR"


def test_a_share_is_charged_as_the_account_counts() -> None:
    by_day = lines.share_of(2495, "EUR", days_of(9, 31))
    assert (by_day.amount, by_day.why) == (724, "9 of 31 days of 24.95 EUR")
    assert from_inputs(lines.inputs(by_day)) == by_day


def test_nothing_is_left_to_credit_when_all_was_credited() -> None:
    line = Charge(unit_amount=100, currency="EUR", credit=True, at_most=-5)
    assert line.amount == 0


def test_a_credit_is_never_more_than_was_charged() -> None:
    line = Charge(unit_amount=24995, currency="EUR", credit=True, at_most=23995)
    assert line.amount == -23995
    assert line.why == "credit for 249.95 EUR, at most 239.95 EUR"


def test_a_cheaper_tier_gives_back() -> None:
    assert runs(VOLUME, 15, 15, 16) == [15000, 0, -7000]


def test_fractions_of_a_cent_are_not_lost_between_runs() -> None:
    assert runs(RateCard(PerUnit(D("0.001"))), 333, 666) == [33, 34]


def test_a_package_that_was_opened_by_mistake_is_given_back() -> None:
    assert runs(RateCard(Package(D(15), D(10))), 11, 9) == [3000, -1500]


def test_the_minimum_is_asked_for_at_the_end_only() -> None:
    card = RateCard(PerUnit(D(1)), minimum=D(100))
    assert runs(card, 10, 10) == [1000, 9000]
    line, missing = metering.bill(
        Metered(card=card, currency="EUR", quantity=D(10)), final=True
    )
    assert (line.amount, missing.amount) == (1000, 9000)
    assert missing.why == "minimum of 100.00 EUR less 10.00 EUR"


def test_commitments_are_for_the_part_of_a_period() -> None:
    assert true_up(D(100), 1000, "EUR", HALF) == 4000
    card = RateCard(PerUnit(D(1)), maximum=D(100))
    line = Metered(card=card, currency="EUR", quantity=D(80), share=HALF)
    assert line.amount == 5000
    assert line.why == "80 times 1 (usage in period), at most 50.00 EUR"


def test_a_discount_is_told_as_it_was_split() -> None:
    line = AmountOff(off=9000, lines=(10000, 20000), line=1, currency="EUR")
    assert line.amount == -6000
    assert line.why == "90.00 EUR off, in proportion: 200.00 EUR of 300.00 EUR"
    percent = PercentOff(base=1000, percent=D("33.333"), currency="EUR")
    assert (percent.amount, percent.why) == (-333, "33.333% off 10.00 EUR")


def test_coupons_are_taken_in_their_order_from_what_is_left() -> None:
    half, ten = Coupon(percent=D(50)), Coupon(amount=1000)
    assert discounts.take_off([half, ten], [1500]) == [[750], [750]]
    assert discounts.take_off([ten, half], [1500]) == [[1000], [250]]


def test_what_is_left_of_a_coupon_is_kept_only_if_it_comes_again() -> None:
    assert discounts.leftover(Coupon(amount=1500), 1000) == 0
    again = Coupon(amount=1500, duration=Duration.REPEATING)
    assert discounts.leftover(again, 1000) == 500
    assert discounts.leftover(Coupon(percent=D(10)), 100) == 0


def test_a_coupon_is_a_percentage_or_an_amount() -> None:
    for wrong in ({}, {"percent": D(1), "amount": 1}, {"percent": D(101)}):
        with pytest.raises(Refused, match="coupon"):
            Coupon(**wrong)


def taxed(
    amounts: list[int], percents: list[int], *, on_the_sum: bool
) -> list[Assessment]:
    each = [Assessment(amount, tuple(map(D, percents))) for amount in amounts]
    return totals.on_the_sum(each) if on_the_sum else each


def test_tax_by_line_and_on_the_sum_are_two_settings() -> None:
    by_line = taxed([151, 279], [10, 20], on_the_sum=False)
    assert [each.tax for each in by_line] == [45, 84]
    by_line = taxed([55, 55], [10], on_the_sum=False)
    on_the_sum = taxed([55, 55], [10], on_the_sum=True)
    assert sum(each.tax for each in by_line) == 12
    assert sum(each.tax for each in on_the_sum) == 11


def test_less_than_nothing_to_pay_is_a_credit() -> None:
    found = totals.Totals(subtotal=-8219, discount=1500, tax=-1944)
    assert (found.net, found.total) == (-9719, -11663)
    assert (found.due, found.credit) == (0, 11663)


def test_the_last_credit_note_gives_back_the_rest_of_the_tax() -> None:
    invoice = credit_notes.Amounts(10, taxes.together(10, [D(25)]))
    first = credit_notes.credit(5, [D(25)], invoice)
    last = credit_notes.credit(5, [D(25)], invoice, [first])
    assert (invoice.tax, first.tax, last.tax) == (3, 1, 2)
    with pytest.raises(credit_notes.TooMuchCredit, match="0 is left"):
        credit_notes.credit(1, [D(25)], invoice, [first, last])


def test_inputs_that_a_rule_does_not_have_are_refused() -> None:
    stored = lines.inputs(Charge(unit_amount=1, currency="EUR"))
    with pytest.raises(UnknownRule, match="inputs of charge"):
        from_inputs({**stored, "colour": "red"})


def test_a_line_of_the_first_release_is_still_the_same() -> None:
    stored = {
        "rule": "charge",
        "unit_amount": 2495,
        "currency": "EUR",
        "quantity": 1,
        "part": 777_600,
        "whole": 2_678_400,
        "credit": False,
    }
    line = from_inputs(stored)
    assert (line.amount, line.why) == (724, "9 of 31 days of 24.95 EUR")
