"""What clouds fetch to check our tokens: the issuer's description and its keys.

The address comes from the settings alone: a request's Host header names nothing. On a
tenant's host these addresses do not exist.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from provisioning.identity import keys
from provisioning.identity.tokens import CLAIMS

KEPT = 3600  # seconds that a cloud may keep them: a new key is published a day ahead


@require_safe
@cache_control(public=True, max_age=KEPT)
def configuration(request: HttpRequest) -> JsonResponse:
    """OpenID Connect Discovery 1.0, section 4, as far as a machine needs it."""
    address = settings.PAYBILL_BASE_URL
    return JsonResponse(
        {
            "issuer": address,
            "jwks_uri": address + reverse("provisioning:identity_keys"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [keys.ALGORITHM],
            "scopes_supported": ["openid"],
            "claims_supported": list(CLAIMS),
        }
    )


@require_safe
@cache_control(public=True, max_age=KEPT)
def key_set(request: HttpRequest) -> JsonResponse:
    """The public halves of all keys, the ones that sign no more too (RFC 7517)."""
    return JsonResponse(keys.published())
