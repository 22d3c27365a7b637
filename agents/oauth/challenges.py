"""What ``WWW-Authenticate`` says (RFC 6750, RFC 9728): where to get a better token.

REST and MCP answer with the same words::

    response["WWW-Authenticate"] = challenges.unauthorized(request, shown=True)
    response["WWW-Authenticate"] = challenges.insufficient(request, {"shop.view_order"})
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from agents.oauth import places
from agents.tools import catalogue

MOST_SCOPES = 100


def unauthorized(request: HttpRequest, *, shown: bool = False) -> str:
    """Of a 401. ``shown``: there was a token, and it is not (or no longer) good."""
    parts = {"error": "invalid_token"} if shown else {}
    return _bearer(request, {**parts, "scope": _joined(catalogue.grantable())})


def insufficient(request: HttpRequest, scopes: Iterable[str]) -> str:
    """Of a 403: all the scopes that the call needs, at once."""
    return _bearer(request, {"error": "insufficient_scope", "scope": _joined(scopes)})


def _joined(scopes: Iterable[str]) -> str:
    return " ".join(sorted(set(scopes))[:MOST_SCOPES])


def _bearer(request: HttpRequest, parts: dict[str, str]) -> str:
    # The control plane has no authorization server: its agents' tokens are handed out.
    if places.in_tenant():
        address = places.issuer(request) + places.RESOURCE_METADATA + places.MCP
        parts = {"resource_metadata": address, **parts}
    said = ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)
    return f"Bearer {said}".strip()
