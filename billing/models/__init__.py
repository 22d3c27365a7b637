"""Customers, plans, subscriptions, invoices with their lines, payments, the clock."""

from __future__ import annotations

from billing.models.clock import ClockOffset
from billing.models.coupons import Coupon, CouponUse, PromotionCode, Redemption
from billing.models.credits import (
    BalanceEntry,
    CreditGrant,
    CreditNote,
    CreditNoteLine,
    Refund,
)
from billing.models.customers import Customer
from billing.models.dunning import DunningCase, DunningSchedule, PaymentRetry
from billing.models.invoices import Invoice, InvoiceLine, InvoiceSeries
from billing.models.ledger import BooksCheck, LedgerEntry
from billing.models.metered import MeteredPeriod, Standing
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
from billing.models.taxes import TaxRate
from billing.models.usage import (
    Meter,
    UsageBatch,
    UsageBucket,
    UsageEvent,
    UsageKey,
    UsageSeen,
)

__all__ = [
    "BalanceEntry",
    "BooksCheck",
    "ClockOffset",
    "Coupon",
    "CouponUse",
    "CreditGrant",
    "CreditNote",
    "CreditNoteLine",
    "Customer",
    "Dispute",
    "DunningCase",
    "DunningSchedule",
    "IncomingEvent",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "LedgerEntry",
    "Meter",
    "MeteredPeriod",
    "Payer",
    "Payment",
    "PaymentMethod",
    "PaymentRetry",
    "Plan",
    "Price",
    "PromotionCode",
    "RecurringChange",
    "Redemption",
    "Refund",
    "RevenuePart",
    "Standing",
    "Subscription",
    "SubscriptionItem",
    "TaxRate",
    "UsageBatch",
    "UsageBucket",
    "UsageEvent",
    "UsageKey",
    "UsageSeen",
]
