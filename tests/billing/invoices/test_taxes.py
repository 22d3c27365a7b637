"""Tax: who owes it, by which rates, kept on the line so that it stays what it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing import invoicing, taxing
from billing.actions import AddTaxRate, EndTaxRate
from billing.errors import RateThere
from billing.models import Customer, Invoice, TaxRate
from billing.rating.taxes import UNION
from billing.states import LineKind, TaxBy
from billing.taxing.table import shipped
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Invalid
from tests.billing.invoices.desk import (
    assert_books_agree,
    bill,
    coupon,
    draft,
    line,
    redeem,
)

OFFICE = actors.system(
    "tax office",
    "billing.view_taxrate",
    "billing.add_taxrate",
    "billing.change_taxrate",
)


def to(customer: Customer, country: str, **other: Any) -> Customer:
    for name, value in {"country": country, **other}.items():
        setattr(customer, name, value)
    customer.save()
    return customer


def rate(country: str, percent: str, name: str = "VAT", **other: Any) -> TaxRate:
    asked = {
        "country": country,
        "percent": percent,
        "name": name,
        "valid_from": "2025-01-01",
        **other,
    }
    found: TaxRate = perform(AddTaxRate, None, asked, actor=OFFICE).result
    return found


def test_without_a_seller_nothing_is_taxed(customer: Customer) -> None:
    invoice = bill(to(customer, "DE"), 10_000)
    assert (invoice.tax, invoice.total) == (0, 10_000)
    assert invoice.lines.get().why_tax == ""


@pytest.mark.parametrize(
    ("country", "details", "tax", "why"),
    [
        ("DE", {}, 1900, "USt. 19% of 100.00 EUR"),
        ("FR", {}, 2000, "TVA 20% of 100.00 EUR"),
        ("", {}, 1900, "USt. 19% of 100.00 EUR"),
        ("US", {}, 0, "no tax: sold across the Union's border"),
        ("DE", {"tax_exempt": True}, 0, "no tax: the customer is exempt"),
        (
            "AT",
            {"business": True, "vat_number": "ATU13585627"},
            0,
            "no tax: business in another member state, with a VAT number",
        ),
        ("AT", {"business": True, "vat_number": "ATU13585628"}, 2000, "USt. 20%"),
        ("GR", {"business": True, "vat_number": "EL094259216"}, 0, "no tax: business"),
        ("AT", {"business": True, "vat_number": "EL094259216"}, 2000, "USt. 20%"),
    ],
)
def test_who_owes_the_tax(
    customer: Customer,
    seller: dict[str, str],
    country: str,
    details: dict[str, Any],
    tax: int,
    why: str,
) -> None:
    invoice = bill(to(customer, country, **details), 10_000)
    assert (invoice.tax, invoice.total) == (tax, 10_000 + tax)
    assert invoice.lines.get().why_tax.startswith(why)
    assert_books_agree()


def test_a_price_that_contains_the_tax_stays_what_it_is(
    customer: Customer, seller: dict[str, str]
) -> None:
    to(customer, "DE")
    invoice = bill(customer, line(11_900, tax_included=True), 10_000)
    assert (invoice.subtotal, invoice.included, invoice.tax) == (21_900, 1900, 3800)
    assert invoice.total == 23_800
    assert [row.net for row in invoice.lines.all()] == [10_000, 10_000]
    assert_books_agree()


def test_tax_comes_after_the_discount(
    customer: Customer, seller: dict[str, str]
) -> None:
    redeem(to(customer, "DE"), coupon(percent=50))
    invoice = bill(customer, 10_000)
    assert (invoice.discount, invoice.tax, invoice.total) == (5000, 950, 5950)


@pytest.mark.parametrize(("by", "tax"), [(TaxBy.LINE, 3 * 2), (TaxBy.TOTAL, 5)])
def test_tax_on_each_line_or_on_their_sum(
    customer: Customer, seller: dict[str, str], by: TaxBy, tax: int
) -> None:
    """19% of 0.08 is 0.0152 on each of three lines, and 0.0456 on their sum."""
    invoice = bill(to(customer, "DE", tax_by=by), 8, 8, 8)
    assert invoice.tax == tax
    assert sum(row.tax for row in invoice.lines.all()) == tax
    assert_books_agree()


def test_a_credit_gives_back_the_tax_and_discount_that_it_was_charged_with(
    subscription: Any, seller: dict[str, str]
) -> None:
    """Half was never paid, and the rate has changed since: neither is given back."""
    customer = to(subscription.customer, "DE")
    item = subscription.items.get()
    redeem(customer, coupon(percent=50))
    charged = bill(customer, line(3000, kind=LineKind.FEE, item=item))
    assert (charged.discount, charged.tax) == (1500, 285)
    rate("DE", "7", "USt.", valid_from="2026-01-02")
    source = charged.lines.get()
    credit = line(-2000, kind=LineKind.CREDIT, item=item, gives_back=source)
    back = bill(customer, credit)
    row = back.lines.get()
    assert (row.amount, row.discount, row.tax) == (-2000, -1000, -190)
    assert back.total == -1190
    assert "15.00 EUR of 30.00 EUR were never paid" in row.why_discount
    assert_books_agree()


def test_rates_of_a_state_and_a_county_add_up(
    customer: Customer, seller: dict[str, str], settings: Any
) -> None:
    settings.PAYBILL_SELLER = {**seller, "country": "US"}
    rate("US", "5", "State tax", region="WA")
    rate("US", "2.25", "County tax", region="WA")
    rate("US", "9", "State tax")
    invoice = bill(to(customer, "US", region="WA"), 9999)
    assert invoice.tax == 500 + 225
    assert invoice.lines.get().assessment.names == ("County tax", "State tax")


def test_the_nearest_and_latest_rate_holds(
    customer: Customer, seller: dict[str, str]
) -> None:
    to(customer, "DE")
    rate("DE", "10", "USt.")
    rate("DE", "12", "USt.", valid_from="2026-01-15")
    rate("DE", "99", "USt.", valid_from="2026-03-01")
    rate("DE", "3", "USt.", tax_class="books")
    reduced = line(1000, tax_class="books")
    invoice = bill(customer, 1000, reduced, line(1000, tax_class="exempt"))
    assert [row.tax for row in invoice.lines.all()] == [120, 30, 0]


def test_invoices_keep_their_rate_when_it_ends(
    customer: Customer, seller: dict[str, str]
) -> None:
    invoice = bill(to(customer, "FR"), 1000)
    own = rate("FR", "20", "TVA")
    perform(EndTaxRate, own, {"until": "2026-01-01"}, actor=OFFICE)
    rate("FR", "21", "TVA", valid_from="2026-01-01")
    assert bill(customer, 1000).tax == 210
    assert invoice.lines.get().assessment.percents == (Decimal(20),)
    assert_books_agree()


def test_the_same_rate_twice_is_refused(customer: Customer) -> None:
    rate("DE", "19")
    with pytest.raises(RateThere):
        rate("de", "20")
    ended = {"until": "2020-01-01"}
    with pytest.raises(Invalid, match="before it begins"):
        perform(EndTaxRate, TaxRate.objects.get(), ended, actor=OFFICE)


def test_the_table_that_is_shipped_has_every_member_state() -> None:
    found = {each.country for each in shipped() if each.valid_from <= date(2026, 1, 1)}
    assert found == UNION


def test_a_number_is_checked_without_asking_anybody() -> None:
    assert taxing.checked("DE 136 695 976", "DE")
    assert not taxing.checked("DE136695977", "DE")
    assert not taxing.checked("DE136695976", "FR")
    assert not taxing.checked("", "DE")


def test_prepaid_credit_is_taxed_when_it_is_used(
    customer: Customer, seller: dict[str, str]
) -> None:
    to(customer, "DE")
    bought = bill(customer, line(5000, kind=LineKind.PREPAID))
    assert (bought.tax, bought.lines.get().why_tax) == (
        0,
        "no tax: taxed when it is used",
    )


def test_the_dry_run_is_taxed_too(customer: Customer, seller: dict[str, str]) -> None:
    planned = invoicing.total_up(draft(to(customer, "DE"), 10_000))
    assert (planned.tax, planned.total) == (1900, 11_900)
    assert not Invoice.objects.exists()
