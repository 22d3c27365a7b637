"""Operators' view of billing: rows to read, verbs as buttons. A file for each noun."""

from __future__ import annotations

from billing.admin import (
    clock,
    customers,
    dunning,
    invoices,
    payments,
    plans,
    reports,
    subscriptions,
)

__all__ = [
    "clock",
    "customers",
    "dunning",
    "invoices",
    "payments",
    "plans",
    "reports",
    "subscriptions",
]
