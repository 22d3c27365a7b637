"""Operators' view of billing: rows to read, verbs as buttons. A file for each noun."""

from __future__ import annotations

from billing.admin import (
    catalogue,
    clock,
    coupons,
    credits,
    customers,
    dunning,
    invoices,
    payments,
    plans,
    refunds,
    reports,
    subscriptions,
    taxes,
    usage,
    writing,
)

__all__ = [
    "catalogue",
    "clock",
    "coupons",
    "credits",
    "customers",
    "dunning",
    "invoices",
    "payments",
    "plans",
    "refunds",
    "reports",
    "subscriptions",
    "taxes",
    "usage",
    "writing",
]
