"""REST of billing, a file for each noun."""

from __future__ import annotations

from billing.api import (
    customers,
    dunning,
    invoices,
    payments,
    plans,
    subscriptions,
    usage,
)

urlpatterns = [
    *plans.urlpatterns,
    *subscriptions.urlpatterns,
    *invoices.urlpatterns,
    *payments.urlpatterns,
    *usage.urlpatterns,
    *dunning.urlpatterns,
    *customers.urlpatterns,
]
