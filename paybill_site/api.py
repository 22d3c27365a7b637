"""The REST API of both planes, put together from the apps' ``api.py``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from paybill_site.docs import api_docs
from paybill_site.document import Document, DocumentView

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
    document = Document([path("api/", include(routes))])
    return [
        path("schema", DocumentView.as_view(document=document), name="schema"),
        path("docs", api_docs, {"document": document}, name="docs"),
        *routes,
    ]
