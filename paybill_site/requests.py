"""Gives every request an id that the answer, the logs and the audit carry."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from paybill_site.kernel.logs import said

# What a proxy in front may have chosen; anything else is replaced, for it is logged.
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Takes or makes the id, puts it into the log context and the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if _GIVEN.fullmatch(given) else f"req_{secrets.token_hex(12)}"
        request.META["PAYBILL_REQUEST_ID"] = name
        with said(request=name):
            response = self.get_response(request)
        response["X-Request-ID"] = name
        return response
