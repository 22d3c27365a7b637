"""REST of provisioning. Reads are rows, writes are actions."""

from __future__ import annotations

from provisioning.api import (
    accounts,
    databases,
    deployments,
    fleet,
    products,
    removals,
    rules,
    runs,
    stacks,
    states,
)

urlpatterns = [
    *accounts.urlpatterns,
    *databases.urlpatterns,
    *deployments.urlpatterns,
    *runs.urlpatterns,
    *rules.urlpatterns,
    *stacks.urlpatterns,
    *states.urlpatterns,
    *products.urlpatterns,
    *fleet.urlpatterns,
    *removals.urlpatterns,
]
