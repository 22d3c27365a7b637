"""Pages of the catalogue and of invoices, on the control host."""

from __future__ import annotations

app_name = "billing"
urlpatterns: list[object] = []
