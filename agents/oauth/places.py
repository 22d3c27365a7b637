"""Where this tenant's authorization server and its protected resource are.

A tenant's host is its issuer, and ``/mcp`` there is what its tokens are for. The host
is the one that the request was routed by, and scheme and port are the installation's
own, so nothing here follows from a header that nobody checked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from paybill_site.kernel import planes
from paybill_site.kernel.errors import NotFound

MCP = "/mcp"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
SERVER_METADATA = "/.well-known/oauth-authorization-server"
AUTHORIZE, TOKEN, REVOKE = "/oauth/authorize", "/oauth/token", "/oauth/revoke"


def issuer(request: HttpRequest) -> str:
    """The origin of the request's host. Raises NotFound for a host that is not ours."""
    host = request.get_host().rsplit(":", 1)[0].rstrip(".").lower()
    if settings.PAYBILL_MODE == "tenant" and not _own(host):
        raise NotFound
    base = urlsplit(settings.PAYBILL_BASE_URL)
    # Without TLS every process of this machine has a port of its own.
    secure = base.scheme == "https"
    port = base.port if secure else _port(request.get_port())
    return f"{base.scheme}://{host}{f':{port}' if port else ''}"


def resource(request: HttpRequest) -> str:
    """What a token has to be for (RFC 8707): one address for MCP and REST."""
    return issuer(request) + MCP


def in_tenant() -> bool:
    """Whether there is an authorization server: the control plane has none."""
    return planes.here().schema != planes.CONTROL.schema


def _port(text: str) -> int | None:
    return None if text == "80" else int(text)


def _own(host: str) -> bool:
    """A silo is not routed to by host: it knows its domain, and what it is told."""
    named: frozenset[str] = frozenset(settings.PAYBILL_HOSTS)
    return host in named or host.endswith(f".{settings.PAYBILL_TENANT_DOMAIN}")
