"""Gapless numbers: a counter row for each series, locked until the commit.

A database sequence would leave a gap with every rollback. Who takes a number last of
all locks holds up the others of the series for the shortest time.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import F

from billing.models import InvoiceSeries


def take(series: str, count: int = 1) -> range:
    """The next ``count`` numbers of a series. Only inside an action."""
    InvoiceSeries.objects.get_or_create(name=series)
    InvoiceSeries.objects.filter(name=series).update(last=F("last") + count)
    last = InvoiceSeries.objects.get(name=series).last
    return range(last - count + 1, last + 1)


def of_invoices(moment: datetime) -> str:
    """The series of invoices finalised at a moment: by the year, unless set."""
    return moment.strftime(settings.PAYBILL_INVOICE_SERIES)


def of_credit_notes(moment: datetime) -> str:
    """The series of credit notes, apart from that of invoices."""
    return moment.strftime(settings.PAYBILL_CREDIT_NOTE_SERIES)
