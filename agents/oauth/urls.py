"""The addresses of OAuth on a tenant's host; nothing else of it is mounted."""

from __future__ import annotations

from django.urls import path

from agents.oauth import consent, endpoints, metadata, pages, places

app_name = "oauth"


def _at(address: str) -> str:
    return address.removeprefix("/")


urlpatterns = [
    path(_at(places.RESOURCE_METADATA), metadata.protected_resource),
    path(_at(places.RESOURCE_METADATA + places.MCP), metadata.protected_resource),
    path(_at(places.SERVER_METADATA), metadata.authorization_server),
    path(_at(places.AUTHORIZE), consent.authorize, name="authorize"),
    path(_at(places.TOKEN), endpoints.token, name="token"),
    path(_at(places.REVOKE), endpoints.revoke, name="revoke"),
    path("assistants/", pages.assistants, name="assistants"),
    path("assistants/<str:public_id>/end/", pages.end, name="end"),
]
