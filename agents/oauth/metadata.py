"""What a client reads first: the protected resource (RFC 9728), its server (RFC 8414).

Both are public and say what holds for this host alone. No OpenID is spoken: nobody
needs to know who the person is, so no token says it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from agents.oauth import places
from agents.tools import catalogue

GRANTS = ("authorization_code", "refresh_token", "client_credentials")
CLIENT_AUTH = ("none", "client_secret_basic", "client_secret_post")


@require_safe
def protected_resource(request: HttpRequest) -> JsonResponse:
    """What ``/mcp`` is, and whose tokens it takes."""
    issuer = places.issuer(request)
    return _public(
        {
            "resource": places.resource(request),
            "authorization_servers": [issuer],
            "scopes_supported": sorted(catalogue.grantable()),
            "bearer_methods_supported": ["header"],
            "resource_name": request.get_host().partition(":")[0],
            "resource_documentation": f"{issuer}/api/docs",
        }
    )


@require_safe
def authorization_server(request: HttpRequest) -> JsonResponse:
    """Where consent, tokens and revocation are, and which ways there are."""
    issuer = places.issuer(request)
    return _public(
        {
            "issuer": issuer,
            "authorization_endpoint": issuer + places.AUTHORIZE,
            "token_endpoint": issuer + places.TOKEN,
            "revocation_endpoint": issuer + places.REVOKE,
            "scopes_supported": sorted(catalogue.grantable()),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANTS),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": list(CLIENT_AUTH),
            "revocation_endpoint_auth_methods_supported": list(CLIENT_AUTH),
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "protected_resources": [places.resource(request)],
        }
    )


def _public(document: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(document)
    # Assistants that live in a browser read it from another origin; it holds no data.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=300"
    return response
