"""What agents may meet of billing: they read, and nothing here lets them do more."""

from __future__ import annotations

from billing.models.invoices import Invoice
from billing.models.plans import Plan
from billing.models.subscriptions import Subscription
from paybill_site.kernel.declarations import ModelTools

AMOUNTS = (
    "subtotal",
    "discount",
    "tax",
    "total",
    "applied",
    "noted",
    "credited",
    "paid",
)


class PlanTools(ModelTools):
    model = Plan
    fields = (
        "code",
        "version",
        "kind",
        "state",
        "name",
        "summary",
        "price",
        "currency",
        "interval",
        "interval_count",
        "isolation",
    )
    money = ("price",)
    filters = ("code", "kind", "state")
    ordering = ("code",)
    search = ("name",)


class SubscriptionTools(ModelTools):
    model = Subscription
    fields = (
        "tenant",
        "plan",
        "next_plan",
        "state",
        "isolation",
        "region",
        "trial_end",
        "period_start",
        "period_end",
        "cancel_at_period_end",
        "ends_at",
        "created_at",
    )
    filters = (
        "tenant",
        "plan",
        "state",
        "state__in",
        "isolation",
        "cancel_at_period_end",
        "period_end__gte",
        "period_end__lt",
        "trial_end__gte",
        "trial_end__lt",
    )
    ordering = ("created_at", "period_end")


class InvoiceTools(ModelTools):
    model = Invoice
    fields = (
        "tenant",
        "subscription",
        "kind",
        "state",
        "series",
        "sequence",
        "currency",
        *AMOUNTS,
        "period_start",
        "period_end",
        "created_at",
        "due_at",
        "paid_at",
    )
    money = (*AMOUNTS, "lines.amount", "lines.discount", "lines.tax")
    filters = (
        "tenant",
        "subscription",
        "kind",
        "state",
        "state__in",
        "created_at__gte",
        "created_at__lt",
        "due_at__gte",
        "due_at__lt",
    )
    ordering = ("created_at",)
    parts = {
        "lines": ("position", "kind", "description", "amount", "discount", "tax"),
    }
