"""REST of provisioning. Reads are rows, writes are actions."""

from __future__ import annotations

from provisioning.api import accounts, deployments, products, rules, runs, stacks

urlpatterns = [
    *accounts.urlpatterns,
    *deployments.urlpatterns,
    *runs.urlpatterns,
    *rules.urlpatterns,
    *stacks.urlpatterns,
    *products.urlpatterns,
]
