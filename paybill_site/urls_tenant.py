"""A tenant's addresses: its product, its administration, its agents' door."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from paybill_site import health, pages, report
from paybill_site.api import api_urls, tenant_api
from paybill_site.kernel.admin import tenant_admins
from paybill_site.sites import TenantSite

tenant_site = TenantSite("tenant_admin", "Administration", tenant_admins)

urlpatterns = [
    path("health/live", health.live),
    path("health/report", report.report),
    path("admin/", tenant_site.urls),
    path("api/", include(api_urls(tenant_api))),
    path("", include("agents.mcp.urls")),
    path("", include("agents.oauth.urls")),
    path("", include("agents.urls")),
    path("", include("paybill_site.accounts.urls_tenant")),
    *(path("", include(f"{app}.urls")) for app in settings.PAYBILL_PRODUCT_APPS),
]

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.server_error
