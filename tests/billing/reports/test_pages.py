"""The operators' reports: every figure opens the rows that it is the sum of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from billing.actions import VoidInvoice
from billing.models import (
    BooksCheck,
    Invoice,
    LedgerEntry,
    Meter,
    RevenuePart,
    Subscription,
    UsageBucket,
)
from billing.reports.export import guarded
from billing.reports.figures import Figure, Table
from billing.reports.months import Months
from billing.reports.recognition import recognise
from billing.reports.shelf import SHELF
from billing.tasks import bill_one
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from tests.billing.desk import Turn
from tests.cast import LogIn

LAST = Months(date(2026, 12, 1))
VOIDER = actors.system("voider", "billing.view_invoice", "billing.void_invoice")
INDEX = "/operators/billing/reports/"


def figures(tables: list[Table]) -> Iterator[tuple[str, Figure]]:
    for table in tables:
        for row in table.rows:
            for column, figure in zip(table.columns, row.figures, strict=True):
                yield f"{table.title}: {row.label}: {column}", figure


@pytest.fixture
def busy(year: Subscription, turn: Turn) -> Subscription:
    """A year with invoices, of which some are open, and their revenue."""
    bill_one(year.public_id)
    turn(timedelta(days=20))
    while recognise():
        pass
    _use(year)
    return year


def _use(subscription: Subscription) -> None:
    """Calls of two days in different months, as the roll-up has them."""
    meter = Meter.objects.create(
        code="calls", name="Calls", aggregation="sum", unit="call", units="calls"
    )
    for month, calls in ((3, 120), (5, 30)):
        day = datetime(2026, month, 4, tzinfo=UTC)
        UsageBucket.objects.create(
            tenant=subscription.tenant,
            meter=meter,
            width="day",
            start=day,
            events=calls,
            total=calls * 2,
            moment=0,
            touched_at=day,
        )


@pytest.mark.parametrize("slug", SHELF)
def test_each_figure_is_the_sum_of_the_rows_that_it_opens(
    slug: str, busy: Subscription, oprah: Client
) -> None:
    """As the list shows them, by the address that the page links to."""
    seen = 0
    for name, figure in figures(list(SHELF[slug].tables(LAST))):
        if figure.rows is None:
            continue
        assert figure.rows.total() == figure.value, name
        if not figure.value:
            continue
        seen += 1
        meta = figure.rows.model._meta
        address = reverse(
            f"admin:{meta.app_label}_{meta.model_name}_changelist",
            urlconf="paybill_site.urls",
        )
        page = oprah.get(f"{address}?{urlencode(figure.rows.query())}")
        assert page.status_code == 200, name
        listed = page.context["cl"].queryset
        assert set(listed) == set(figure.rows.queryset()), name
    assert seen >= 2


@pytest.mark.parametrize("slug", SHELF)
def test_a_page_asks_the_same_however_much_there_is(
    slug: str, busy: Subscription, oprah: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        page = oprah.get(f"{INDEX}{slug}/?until=2026-12")
    assert page.status_code == 200
    words = page.content.decode()
    assert SHELF[slug].title in words
    assert "<svg" in words
    assert ("€" in words) == (slug != "usage")


def test_the_index_of_the_administration_leads_there(oprah: Client) -> None:
    assert INDEX in oprah.get("/operators/").content.decode()
    page = oprah.get(INDEX).content.decode()
    assert all(report.title in page for report in SHELF.values())


def test_the_reports_say_when_the_books_do_not_agree(oprah: Client) -> None:
    assert "has not run yet" in oprah.get(INDEX).content.decode()
    found = {"at": datetime(2026, 3, 1, tzinfo=UTC), "invoices": 1, "entries": 2}
    BooksCheck.objects.create(**found)
    assert "The books agree" in oprah.get(INDEX).content.decode()
    BooksCheck.objects.create(**found, differences=[{"what": "a minor unit"}])
    assert "do not agree" in oprah.get(INDEX).content.decode()
    assert "do not agree" in oprah.get("/operators/").content.decode()


def test_without_anything_the_reports_say_so(oprah: Client) -> None:
    for slug in SHELF:
        page = oprah.get(f"{INDEX}{slug}/")
        assert page.status_code == 200
    assert "Nothing to count yet" in oprah.get(f"{INDEX}ageing/").content.decode()


@pytest.mark.parametrize(
    "address",
    ["nothing/", "recurring/?until=nonsense", "recurring/?until=0001-01", "x.csv"],
)
def test_what_is_not_there_is_not_found(oprah: Client, address: str) -> None:
    assert oprah.get(f"{INDEX}{address}").status_code == 404


def test_without_the_permission_there_are_no_reports(
    log_in: LogIn, owner_user: User, operator_user: User
) -> None:
    User.objects.filter(pk=owner_user.pk).update(is_staff=True)
    clerk = log_in(owner_user)
    for address in (INDEX, f"{INDEX}recurring/", f"{INDEX}recurring.csv"):
        assert clerk.get(address).status_code == 404, address
    assert INDEX not in clerk.get("/operators/").content.decode()


def test_a_report_as_csv_has_the_same_figures(
    busy: Subscription, oprah: Client
) -> None:
    answer = oprah.get(f"{INDEX}recurring.csv?until=2026-12")
    assert answer.streaming
    assert "recurring-2026-12.csv" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert rows[0] == ["Recurring revenue a month, EUR"]
    assert ["Mar 2026", "36.00"] in rows
    assert ["May 2026", "0.00", "0.00", "0.00", "-3.60", "0.00", "-3.60"] in rows


def test_a_list_is_saved_with_its_filters(busy: Subscription, oprah: Client) -> None:
    address = "/operators/billing/recurringchange/?kind__exact=churn"
    assert "as=csv" in oprah.get(address).content.decode()
    answer = oprah.get(f"{address}&as=csv")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert [row[2] for row in rows] == ["kind", "churn"]


def test_a_name_is_no_formula() -> None:
    assert guarded("=1+1") == "'=1+1"
    assert guarded("@sum") == "'@sum"
    assert guarded(-5) == -5
    assert guarded("Bakery") == "Bakery"


def test_parts_add_up_to_the_ledger_and_to_the_invoices(busy: Subscription) -> None:
    for entry in LedgerEntry.objects.filter(account="revenue"):
        parts = RevenuePart.objects.filter(entry=entry)
        assert parts.aggregate(all=Sum("amount"))["all"] == -entry.amount
    net = Invoice.objects.aggregate(all=Sum("subtotal") - Sum("discount"))["all"]
    assert RevenuePart.objects.aggregate(all=Sum("amount"))["all"] == net > 0
    assert recognise() == 0


def test_what_is_taken_back_counts_against_the_same_months(busy: Subscription) -> None:
    before = RevenuePart.objects.aggregate(all=Sum("amount"))["all"]
    taken = Invoice.objects.filter(state="open").first()
    assert taken is not None
    perform(VoidInvoice, taken, actor=VOIDER)
    assert recognise() > 0
    parts = RevenuePart.objects.filter(entry__invoice=taken)
    for month in set(parts.values_list("month", flat=True)):
        assert parts.filter(month=month).aggregate(all=Sum("amount"))["all"] == 0
    after = RevenuePart.objects.aggregate(all=Sum("amount"))["all"]
    assert after == before - (taken.subtotal - taken.discount)
