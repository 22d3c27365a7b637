"""The two addresses that clients call themselves: for tokens, and to give them back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from agents.oauth import server
from paybill_site.kernel.errors import TooMany
from paybill_site.kernel.limits import throttle

MINUTE = timedelta(minutes=1)
MOST = 60  # in a minute, from one address
LARGEST = 16 * 1024


@csrf_exempt  # no cookie counts here
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a code, a refresh token or a machine's secret for an access token."""
    return _answered(request, server.token)


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token that the client does not need any more (RFC 7009)."""
    return _answered(request, server.revocation)


def _answered(
    request: HttpRequest, ask: Callable[[HttpRequest], server.Shown]
) -> HttpResponse:
    """In OAuth's own words, whatever goes wrong, and never to be kept by anybody."""
    subject = request.META.get("REMOTE_ADDR", "")
    try:
        throttle("oauth.token", subject, most=MOST, window=MINUTE)
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            return _said({"error": "invalid_request"}, 413)
        headers, body, status = ask(request)
    except TooMany as error:
        response = _said({"error": "temporarily_unavailable"}, error.status)
        response["Retry-After"] = str(error.members.get("retry_after", 60))
        return response
    except (OAuth2Error, ValueError) as error:
        return _refused(error)
    response = HttpResponse(body, status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    return _unkept(response)


def _refused(error: Exception) -> HttpResponse:
    # oauthlib raises ValueError for a body that is no form.
    if not isinstance(error, OAuth2Error):
        return _said({"error": "invalid_request"}, 400)
    response = _said(dict(error.twotuples), error.status_code)
    for name, value in error.headers.items():
        response[name] = value
    return response


def _said(body: dict[str, Any], status: int) -> HttpResponse:
    text = json.dumps(body)
    return _unkept(HttpResponse(text, status=status, content_type="application/json"))


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
