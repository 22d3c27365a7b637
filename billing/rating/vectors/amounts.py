"""Answers about rounding, proration, discounts, tax, credits and totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from billing.rating import (
    credit_notes,
    discounts,
    lines,
    money,
    proration,
    taxes,
    totals,
)
from billing.rating.cards import RateCard
from billing.rating.conventions import ISO_4217, STRIPE
from billing.rating.credit_notes import Amounts
from billing.rating.lines import Licensed
from billing.rating.periods import Every, Interval, Period, period
from billing.rating.prices import Flat, PerUnit
from billing.rating.proration import Counting
from billing.rating.shares import WHOLE, Share
from billing.rating.taxes import Assessment
from billing.rating.totals import Totals
from billing.rating.vectors import reading
from billing.rating.vectors.reading import (
    Answer,
    Given,
    Plain,
    midnight,
    moment,
    number,
    numbers,
)

CONVENTIONS = {each.name: each for each in (ISO_4217, STRIPE)}


def rounded(given: Given) -> Answer:
    code = reading.currency(given)
    amount = money.to_minor(number(given["amount"]), code)
    return {"rounded": reading.major(given, amount), "precision": money.exponent(code)}


def rounded_minor(given: Given) -> Answer:
    return {"rounded": money.rounded(number(given["amount"]))}


def subtotal(given: Given) -> Answer:
    code = reading.currency(given)
    each = [_licensed(said, code) for said in given.get("amounts") or given["lines"]]
    found = totals.below(Plain(line.amount) for line in each)
    return {"subtotal": reading.major(given, found.subtotal)}


def exponent(given: Given) -> Answer:
    convention = CONVENTIONS.get(given.get("convention", ISO_4217.name))
    if convention is None:
        raise LookupError(f"no convention {given['convention']!r}")
    code = reading.currency(given)
    return {
        "exponent": convention.exponent(code),
        "amount_minor": convention.minor(number(given["amount_major"]), code),
    }


def by_days(given: Given) -> Answer:
    line = Licensed(
        card=RateCard(Flat(number(given["recurring_price"]))),
        currency=reading.currency(given),
        share=proration.counted(
            Counting.DAYS, int(given["days_in_item"]), int(given["days_in_period"])
        ),
        credit=given["item_type"] == "REPAIR_ADJ",
    )
    return {"amount": reading.major(given, line.amount)}


def by_days_inclusive(given: Given) -> Answer:
    days, whole = int(given["billable_days"]), int(given["period_days"])
    share = proration.counted(Counting.DAYS_INCLUSIVE, days, whole)
    amount = int(given["plan_amount_cents"])
    return {
        "amount_cents": share.of(amount),
        "precise_amount_cents": share.exact(amount),
    }


def by_seconds(given: Given) -> Answer:
    old, new = given["old_interval"], given["new_interval"]
    whole = period(moment(given["period_start"]), reading.every({"interval": old}), 0)
    rest = Period(moment(given["changed_at"]), whole.end)
    left = proration.part(Counting.SECONDS, whole, rest, UTC)
    renewed = left if old == new else WHOLE
    back = lines.share_of(int(given["old_amount_cents"]), "USD", left)
    debit = lines.share_of(int(given["new_amount_cents"]), "USD", renewed)
    return {"credit_cents": back.amount, "debit_cents": debit.amount}


def by_fraction(given: Given) -> Answer:
    part, whole = number(given["fraction_remaining"]).as_integer_ratio()
    left = Share(part, whole)
    old, new = (
        money.to_minor(number(given[name]), reading.currency(given))
        for name in ("old_amount", "new_amount")
    )
    credit = lines.credit_of(old, "USD", left, old).amount
    debit = lines.share_of(new, "USD", left).amount
    net = totals.below([Plain(credit), Plain(debit)])
    return {
        "credit": reading.major(given, credit),
        "debit": reading.major(given, debit),
        "net": reading.major(given, net.subtotal),
    }


def percent_off(given: Given) -> Answer:
    reduced = discounts.by_percent(
        reading.minor(given, "amount"), number(given["percent"])
    )
    return _reduced(given, reduced)


def amount_off(given: Given) -> Answer:
    code = reading.currency(given)
    reduced = discounts.by_amount(
        money.to_minor(number(given["amount"]), code),
        money.to_minor(number(given["amount_off"]), code),
    )
    return _reduced(given, reduced)


def split_over_lines(given: Given) -> Answer:
    off = int(given["discount_cents"])
    part, whole = number(given["proration_factor"]).as_integer_ratio()
    old, new = (
        list(_discounted(given[name], off, Share(part, whole)))
        for name in ("old_lines_cents", "new_lines_cents")
    )
    return {
        "old_discount_split": [taken for taken, _ in old],
        "credits_cents": [left for _, left in old],
        "new_discount_split": [taken for taken, _ in new],
        "debits_cents": [left for _, left in new],
    }


def capped_credit(given: Given) -> Answer:
    credit = credit_notes.cap(
        number(given["potential_credit"]),
        number(given["original_amount"]),
        number(given["previous_credits"]),
    )
    return {"credit": credit}


def unused_days(given: Given) -> Answer:
    start, amount = midnight(given["start"]), int(given["plan_amount_cents"])
    whole = _days(start, int(given["period_days"]))
    used = _days(start, int(given["used_days"]))
    rest = Period(used.end, whole.end)
    left = proration.part(Counting.DAYS_INCLUSIVE, whole, rest, UTC)
    back = left.of(amount)
    return _note(given, amount, back)


def partial_credit(given: Given) -> Answer:
    amount, back = int(given["plan_amount_cents"]), int(given["credit_item_cents"])
    return _note(given, amount, back)


def tax_exclusive(given: Given) -> Answer:
    return _tax(given, [given["percent"]])


def tax_sum(given: Given) -> Answer:
    return _tax(given, given["percents"])


def tax_fixed(given: Given) -> Answer:
    tax = money.to_minor(number(given["amount"]), reading.currency(given))
    return {"tax": reading.major(given, tax)}


def invoice_total(given: Given) -> Answer:
    if "fees_cents" in given:
        return _by_line(given)
    amounts, off = given["lines_cents"], int(given.get("discount_cents", 0))
    percents = [number(given["tax_percent"])]
    offs = _offs(amounts, off)
    found = totals.below(_taxed(amounts, offs, percents, on_the_sum=True))
    return {
        "subtotal_cents": found.subtotal,
        "tax_cents": found.tax,
        "total_cents": found.total,
        "credit_to_customer_cents": found.credit,
    }


def _licensed(said: str | Given, currency: str) -> Licensed:
    """A line is an amount, or a quantity of units."""
    if not isinstance(said, Mapping):
        return Licensed(card=RateCard(Flat(number(said))), currency=currency)
    if "amount" in said:
        return _licensed(said["amount"], currency)
    card = RateCard(PerUnit(number(said["unit_amount"])))
    quantity = number(said["quantity"])
    return Licensed(card=card, currency=currency, quantity=quantity)


def _by_line(given: Given) -> Answer:
    fees, percents = given["fees_cents"], numbers(given["tax_percents"])
    off = int(given.get("coupon_on_second_fee_cents", 0))
    offs = [off if place == 1 else 0 for place, _ in enumerate(fees)]
    each = _taxed(fees, offs, percents, on_the_sum=False)
    found: Totals = totals.below(each)
    return {
        "fees_cents": found.subtotal,
        "coupons_cents": found.discount,
        "subtotal_excl_tax_cents": found.net,
        "tax_per_fee_cents": [line.tax for line in each],
        "tax_cents": found.tax,
        "total_cents": found.total,
    }


def _taxed(
    amounts: Sequence[int],
    offs: Sequence[int],
    percents: Sequence[Decimal],
    *,
    on_the_sum: bool,
) -> list[Plain]:
    pairs = list(zip(amounts, offs, strict=True))
    assessed = [
        Assessment(discounts.by_amount(amount, off).left, tuple(percents))
        for amount, off in pairs
    ]
    shared = totals.on_the_sum(assessed) if on_the_sum else assessed
    return [
        Plain(amount, off, one.tax)
        for (amount, off), one in zip(pairs, shared, strict=True)
    ]


def _offs(amounts: Sequence[int], off: int) -> list[int]:
    """What an amount off takes from each line."""
    return discounts.split(off, amounts)


def _discounted(amounts: Sequence[int], off: int, left: Share) -> list[tuple[int, int]]:
    return [
        (taken, left.of(discounts.by_amount(amount, taken).left))
        for amount, taken in zip(amounts, _offs(amounts, off), strict=True)
    ]


def _days(start: datetime, days: int) -> Period:
    if not days:
        return Period(start, start)
    return period(start, Every(Interval.DAY, days), 0)


def _reduced(given: Given, reduced: discounts.Reduced) -> Answer:
    return {
        "discount": reading.major(given, reduced.off),
        "final": reading.major(given, reduced.left),
    }


def _note(given: Given, amount: int, back: int) -> Answer:
    percents = (number(given["tax_percent"]),)
    invoice = Assessment(amount, percents)
    charged = Amounts(invoice.net, invoice.tax)
    note = credit_notes.credit(back, percents, charged)
    return {
        "invoice_total_cents": invoice.gross,
        "invoice_tax_cents": invoice.tax,
        "credit_subtotal_cents": note.subtotal,
        "credit_tax_cents": note.tax,
        "credit_total_cents": note.total,
    }


def _tax(given: Given, percents: Sequence[str]) -> Answer:
    taxable = reading.minor(given, "taxable")
    tax = taxes.together(taxable, numbers(list(percents)))
    return {"tax": reading.major(given, tax)}
