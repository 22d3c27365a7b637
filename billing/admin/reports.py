"""Reports of billing: an index, a page with charts for each, and their CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing import clock
from billing.admin.csv_lists import CsvAdmin, download
from billing.admin.rows import Neighbours
from billing.models import BooksCheck, RecurringChange, RevenuePart, UsageBucket
from billing.rating import recognition
from billing.rating.money import plain
from billing.reports import charts, export
from billing.reports.charts import Bar, Chart
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months
from billing.reports.shelf import SHELF, Report
from paybill_site.kernel.admin import operators
from paybill_site.kernel.querysets import Visible
from paybill_site.kernel.templatetags.paybill_ui import money

MAY = "billing.view_reports"


@operators.page("billing/reports/", "billing_reports", MAY, title="Reports of billing")
def index(request: HttpRequest, site: Any) -> HttpResponse:
    """Which reports there are."""
    context = {
        **site.each_context(request),
        "title": "Reports of billing",
        "reports": SHELF.values(),
        "check": BooksCheck.objects.first(),
        "checks_url": reverse("admin:billing_bookscheck_changelist"),
    }
    return TemplateResponse(request, "admin/reports/index.html", context)


@operators.page("billing/reports/<slug:slug>/", "billing_report", MAY)
def report(request: HttpRequest, site: Any, slug: str) -> HttpResponse:
    """One report: a chart and a table for each currency."""
    found, months = _named(slug), _asked(request)
    context = {
        **site.each_context(request),
        "title": found.title,
        "report": found,
        "until": f"{months.last:%Y-%m}",
        "sections": [_section(table) for table in found.tables(months)],
    }
    return TemplateResponse(request, "admin/reports/report.html", context)


@operators.page("billing/reports/<slug:slug>.csv", "billing_report_csv", MAY)
def as_csv(request: HttpRequest, site: Any, slug: str) -> StreamingHttpResponse:
    """The same figures for a spreadsheet."""
    found, months = _named(slug), _asked(request)
    rows = export.of_tables(list(found.tables(months)))
    return download(rows, f"{slug}-{months.last:%Y-%m}")


def _named(slug: str) -> Report:
    if slug not in SHELF:
        raise Http404
    return SHELF[slug]


def _asked(request: HttpRequest) -> Months:
    """The months up to ``?until=2026-11``; without it, up to the present one."""
    given = request.GET.get("until", "")
    try:
        last = datetime.strptime(given, "%Y-%m").date() if given else None
    except ValueError as error:
        raise Http404 from error
    if last is not None and not 2000 <= last.year <= 2999:
        raise Http404
    return Months(last or recognition.month_of(clock.now()))


def _section(table: Table) -> dict[str, Any]:
    return {
        "table": table,
        "chart": _chart(table) if table.charted and table.rows else None,
        "rows": [
            {"label": row.label, "cells": [_cell(figure) for figure in row.figures]}
            for row in table.rows
        ],
    }


def _chart(table: Table) -> Chart:
    def bar(row: Row) -> Bar:
        drawn = [row.figures[n] for n in table.charted]
        values = tuple(int(figure.value or 0) for figure in drawn)
        said = [
            f"{table.columns[n]} {figure.plain} {figure.currency}".strip()
            for n, figure in zip(table.charted, drawn, strict=True)
        ]
        return Bar(row.label, values, tuple(said))

    series = [table.columns[n] for n in table.charted]
    return charts.draw(table.title, series, [bar(row) for row in table.rows])


def _cell(figure: Figure) -> dict[str, Any]:
    """What a cell says, and the list of the rows that it is made of."""
    rows = figure.rows if figure.value else None
    return {"text": _said(figure), "url": _list(rows) if rows else ""}


def _said(figure: Figure) -> SafeString | str:
    if figure.value is None:
        return "-"
    if figure.currency:
        return money(int(figure.value), figure.currency)
    return f"{plain(figure.value)}{figure.unit}"


def _list(rows: Rows) -> str:
    meta = rows.model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{address}?{urlencode(rows.query())}"


@operators.register(RecurringChange)
class RecurringChangeAdmin(CsvAdmin[RecurringChange]):
    """What moved recurring revenue, one row for each change of a subscription."""

    list_display = ("at", "kind", "customer", "subscription", "was", "became", "sum")
    list_filter = ("kind", "currency", "at")
    search_fields = ("public_id", "subscription__public_id", "customer__name")
    list_select_related = (
        "customer__account",
        "subscription__plan",
        "subscription__tenant",
    )
    csv_columns = (
        "public_id",
        "at",
        "kind",
        "customer__public_id",
        "subscription__public_id",
        "currency",
        "before",
        "after",
        "amount",
    )

    @admin.display(description="Before", ordering="before")
    def was(self, obj: RecurringChange) -> SafeString:
        return money(obj.before, obj.currency)

    @admin.display(description="After", ordering="after")
    def became(self, obj: RecurringChange) -> SafeString:
        return money(obj.after, obj.currency)

    @admin.display(description="Change", ordering="amount")
    def sum(self, obj: RecurringChange) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: RecurringChange) -> Neighbours:
        return [("subscription", obj.subscription), ("customer", obj.customer)]


@operators.register(RevenuePart)
class RevenuePartAdmin(CsvAdmin[RevenuePart]):
    """What of each booking belongs to which month."""

    list_display = ("month", "line", "invoice", "posting", "sum")
    list_filter = ("currency", "month", "entry__posting")
    search_fields = ("=entry__invoice__sequence", "entry__invoice__public_id")
    list_select_related = ("entry__invoice", "entry__line")
    csv_columns = (
        "month",
        "entry__public_id",
        "entry__posting",
        "entry__invoice__public_id",
        "entry__line__description",
        "currency",
        "amount",
    )

    @admin.display(description="Line")
    def line(self, obj: RevenuePart) -> str:
        return str(obj.entry.line or "")

    @admin.display(description="Invoice")
    def invoice(self, obj: RevenuePart) -> str:
        return str(obj.entry.invoice or "")

    @admin.display(description="Booked as", ordering="entry__posting")
    def posting(self, obj: RevenuePart) -> str:
        return obj.entry.get_posting_display()

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: RevenuePart) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: RevenuePart) -> Neighbours:
        return [("invoice", obj.entry.invoice), ("booking", obj.entry)]


@operators.register(UsageBucket)
class UsageBucketAdmin(CsvAdmin[UsageBucket]):
    """What came in of a meter on a day, or in an hour."""

    list_display = ("start", "width", "meter", "tenant", "events", "total")
    list_filter = ("width", "meter")
    search_fields = ("tenant__public_id", "tenant__name")
    list_select_related = ("meter", "tenant")

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageBucket]:
        """Roll-ups have no manager of their own; who sees them is the same question."""
        all_of_them: Visible[UsageBucket] = Visible(UsageBucket)
        rows = all_of_them.visible_to(self.actor(request))
        return rows.order_by(*self.get_ordering(request))

    csv_columns = (
        "start",
        "width",
        "meter__code",
        "tenant__public_id",
        "events",
        "total",
    )
