"""Plans, subscriptions, invoices with their lines, payments, and the clock's offset."""

from __future__ import annotations

from billing.models.clock import ClockOffset
from billing.models.invoices import Invoice, InvoiceLine, InvoiceSeries, Payment
from billing.models.plans import Plan
from billing.models.subscriptions import Subscription

__all__ = [
    "ClockOffset",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "Payment",
    "Plan",
    "Subscription",
]
