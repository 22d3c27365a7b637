"""REST of provisioning. Reads are rows, writes are actions."""

from __future__ import annotations

from provisioning.api import deployments, runs

urlpatterns = [*deployments.urlpatterns, *runs.urlpatterns]
