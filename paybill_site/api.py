"""The REST API of both planes, put together from the apps' ``api.py``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from paybill_site.docs import api_docs

# A tenant on a server of its own has no control plane to import.
control_api: list[URLPattern | URLResolver] = (
    [
        path("", include("tenants.api")),
        path("", include("billing.api")),
        path("", include("provisioning.api")),
        path("", include("agents.api")),
    ]
    if settings.PAYBILL_MODE == "control"
    else []
)
tenant_api: list[URLPattern | URLResolver] = [path("", include("agents.api"))]


def api_urls(routes: list[URLPattern | URLResolver]) -> list[Any]:
    """The routes of a plane with their OpenAPI 3.1 document at ``schema`` and
    its reading copy at ``docs``.

    The document is public: it describes doors and holds no data.
    """
    documented = [path("api/", include(routes))]
    schema = SpectacularAPIView.as_view(
        authentication_classes=[], permission_classes=[AllowAny], patterns=documented
    )
    return [
        path("schema", schema, name="schema"),
        path("docs", api_docs, {"patterns": documented}, name="docs"),
        *routes,
    ]
