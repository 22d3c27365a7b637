"""The control plane's addresses."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from paybill_site import health, pages
from paybill_site.api import api_urls, control_api
from paybill_site.kernel.admin import operators
from paybill_site.sites import OperatorSite

operator_site = OperatorSite("operators", "Paybill operators", operators)

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", health.metrics),
    path("operators/", operator_site.urls),
    path("api/", include(api_urls(control_api))),
    path("", include("agents.mcp.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("billing.urls")),
    path("", include("provisioning.urls")),
    path("", include("tenants.urls")),
]
if settings.PAYBILL_EMBEDDED:
    urlpatterns.append(path("mail/", include("paybill_site.local.urls")))

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.server_error
