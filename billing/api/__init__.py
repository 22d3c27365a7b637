"""REST of billing, a file for each noun."""

from __future__ import annotations

from billing.api import (
    coming,
    coupons,
    credits,
    customers,
    dunning,
    invoices,
    payments,
    plans,
    subscriptions,
    taxes,
    usage,
)

urlpatterns = [
    *plans.urlpatterns,
    *subscriptions.urlpatterns,
    *invoices.urlpatterns,
    *payments.urlpatterns,
    *usage.urlpatterns,
    *coming.urlpatterns,
    *dunning.urlpatterns,
    *customers.urlpatterns,
    *coupons.urlpatterns,
    *credits.urlpatterns,
    *taxes.urlpatterns,
]
