"""What agents may meet of tenants. What they may do stands with the actions."""

from __future__ import annotations

from paybill_site.kernel.declarations import ModelTools
from tenants.models import Tenant


class TenantTools(ModelTools):
    model = Tenant
    fields = ("name", "slug", "state", "suspension", "created_at", "live_at")
    filters = ("slug", "state", "state__in", "created_at__gte", "created_at__lt")
    ordering = ("name", "created_at")
    search = ("name", "slug")
