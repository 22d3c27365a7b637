"""REST of this room, a file for each kind of thing; reads are rows, writes actions."""

from __future__ import annotations

from tenants.api import accounts, hooks, keys

urlpatterns = [*accounts.urlpatterns, *keys.urlpatterns, *hooks.urlpatterns]
