"""The addresses of OAuth on a tenant's host; nothing else of it is mounted."""

from __future__ import annotations

from django.urls import path

from agents.oauth import metadata, places

app_name = "oauth"


def _at(address: str) -> str:
    return address.removeprefix("/")


urlpatterns = [
    path(_at(places.RESOURCE_METADATA), metadata.protected_resource),
    path(_at(places.RESOURCE_METADATA + places.MCP), metadata.protected_resource),
    path(_at(places.SERVER_METADATA), metadata.authorization_server),
]
