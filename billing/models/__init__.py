"""Customers, plans, subscriptions, invoices with their lines, payments, the clock."""

from __future__ import annotations

from billing.models.clock import ClockOffset
from billing.models.customers import Customer
from billing.models.invoices import Invoice, InvoiceLine, InvoiceSeries
from billing.models.payments import (
    Dispute,
    IncomingEvent,
    Payer,
    Payment,
    PaymentMethod,
)
from billing.models.plans import Plan
from billing.models.prices import Price
from billing.models.reporting import RecurringChange, RevenuePart
from billing.models.subscriptions import Subscription, SubscriptionItem

__all__ = [
    "ClockOffset",
    "Customer",
    "Dispute",
    "IncomingEvent",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "Payer",
    "Payment",
    "PaymentMethod",
    "Plan",
    "Price",
    "RecurringChange",
    "RevenuePart",
    "Subscription",
    "SubscriptionItem",
]
