"""What anybody needs to check a licence without asking us."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from paybill_site.kernel import licence_keys

KEPT = 3600  # seconds that a reader may keep them


@require_safe
@cache_control(public=True, max_age=KEPT)
def licences(request: HttpRequest) -> JsonResponse:
    """The public halves of all keys, those that sign no more too (RFC 7517)."""
    return JsonResponse(licence_keys.published())
