"""Answers about rounding, proration, discounts, tax, credits and totals."""

from __future__ import annotations

from collections.abc import Mapping

from billing.rating import credit_notes, discounts, money, proration, taxes, totals
from billing.rating.cards import RateCard
from billing.rating.conventions import CONVENTIONS, ISO_4217
from billing.rating.lines import Licensed
from billing.rating.money import Exact
from billing.rating.periods import period
from billing.rating.prices import Flat, PerUnit
from billing.rating.proration import Counting
from billing.rating.vectors import reading
from billing.rating.vectors.reading import Answer, Given, moment, number, numbers


def rounded(given: Given) -> Answer:
    code = reading.currency(given)
    amount = money.to_minor(number(given["amount"]), code)
    return {"rounded": reading.major(given, amount), "precision": money.exponent(code)}


def rounded_minor(given: Given) -> Answer:
    return {"rounded": money.rounded(number(given["amount"]))}


def subtotal(given: Given) -> Answer:
    amounts = (_line(line) for line in given.get("amounts") or given["lines"])
    total = money.total(amounts, reading.currency(given))
    return {"subtotal": reading.major(given, total)}


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
    change = proration.now(
        int(given["old_amount_cents"]),
        int(given["new_amount_cents"]),
        period(moment(given["period_start"]), reading.every({"interval": old}), 0),
        moment(given["changed_at"]),
        None if old == new else reading.every({"interval": new}),
    )
    return {"credit_cents": change.given_back, "debit_cents": change.debit}


def by_fraction(given: Given) -> Answer:
    change = proration.by_fraction(
        reading.minor(given, "old_amount"),
        reading.minor(given, "new_amount"),
        number(given["fraction_remaining"]),
    )
    return {
        "credit": reading.major(given, change.credit),
        "debit": reading.major(given, change.debit),
        "net": reading.major(given, change.net),
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
    off, fraction = int(given["discount_cents"]), number(given["proration_factor"])
    old = proration.discounted(given["old_lines_cents"], off, fraction)
    new = proration.discounted(given["new_lines_cents"], off, fraction)
    return {
        "old_discount_split": [part for part, _ in old],
        "credits_cents": [left for _, left in old],
        "new_discount_split": [part for part, _ in new],
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
    amount, percents = int(given["plan_amount_cents"]), [number(given["tax_percent"])]
    used, whole = int(given["used_days"]), int(given["period_days"])
    invoice = credit_notes.invoiced(amount, percents)
    back = credit_notes.unused(amount, used, whole)
    return _note(invoice, credit_notes.credit(back, percents, invoice))


def partial_credit(given: Given) -> Answer:
    percents = [number(given["tax_percent"])]
    invoice = credit_notes.invoiced(int(given["plan_amount_cents"]), percents)
    back = int(given["credit_item_cents"])
    return _note(invoice, credit_notes.credit(back, percents, invoice))


def tax_exclusive(given: Given) -> Answer:
    percents = [number(given["percent"])]
    return _tax(given, taxes.exclusive(reading.minor(given, "taxable"), percents))


def tax_sum(given: Given) -> Answer:
    taxable, percents = reading.minor(given, "taxable"), numbers(given["percents"])
    return _tax(given, taxes.exclusive(taxable, percents))


def tax_fixed(given: Given) -> Answer:
    return _tax(given, [taxes.fixed(reading.minor(given, "amount"))])


def invoice_total(given: Given) -> Answer:
    if "fees_cents" in given:
        return _by_line(given)
    found = totals.taxed_in_all(
        given["lines_cents"],
        int(given.get("discount_cents", 0)),
        [number(given["tax_percent"])],
    )
    return {
        "subtotal_cents": found.subtotal,
        "tax_cents": found.tax,
        "total_cents": found.total,
        "credit_to_customer_cents": found.credit,
    }


def _line(said: str | Given) -> Exact:
    """A line is an amount, or a quantity of units."""
    if not isinstance(said, Mapping):
        return number(said)
    if "amount" in said:
        return number(said["amount"])
    return PerUnit(number(said["unit_amount"])).rate(number(said["quantity"])).total


def _by_line(given: Given) -> Answer:
    off = int(given.get("coupon_on_second_fee_cents", 0))
    fees, percents = given["fees_cents"], numbers(given["tax_percents"])
    found = totals.taxed_by_line(fees, totals.on_line(1, off, len(fees)), percents)
    return {
        "fees_cents": found.subtotal,
        "coupons_cents": found.discount,
        "subtotal_excl_tax_cents": found.net,
        "tax_per_fee_cents": list(found.line_taxes),
        "tax_cents": found.tax,
        "total_cents": found.total,
    }


def _reduced(given: Given, reduced: discounts.Reduced) -> Answer:
    return {
        "discount": reading.major(given, reduced.off),
        "final": reading.major(given, reduced.left),
    }


def _note(invoice: credit_notes.Amounts, note: credit_notes.Amounts) -> Answer:
    return {
        "invoice_total_cents": invoice.total,
        "invoice_tax_cents": invoice.tax,
        "credit_subtotal_cents": note.subtotal,
        "credit_tax_cents": note.tax,
        "credit_total_cents": note.total,
    }


def _tax(given: Given, each: list[int]) -> Answer:
    return {"tax": reading.major(given, sum(each))}
