"""Gives every request an id, which answer and logs carry, and a line in the log."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from paybill_site.kernel.logs import said

# What a proxy in front may have chosen; anything else is replaced, for it is logged.
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


# Asked every few seconds by machines.
QUIET = ("health/", "metrics")

log = logging.getLogger(__name__)


class RequestIdMiddleware:
    """Takes or makes the id, puts it into the log context and the response.

    What is learnt on the way (tenant, actor) is on the line that ends the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if _GIVEN.fullmatch(given) else f"req_{secrets.token_hex(12)}"
        request.META["PAYBILL_REQUEST_ID"] = name
        with said(request=name):
            started = time.monotonic()
            response = self.get_response(request)
            _tell(request, response.status_code, time.monotonic() - started)
        response["X-Request-ID"] = name
        return response


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    # The route, not the path: a path may carry the key of an invitation or a reset.
    route = request.resolver_match.route if request.resolver_match else "(no page)"
    if route.startswith(QUIET):
        return
    log.info(
        "%s %s %s",
        request.method,
        route,
        status,
        extra={"status": status, "ms": round(seconds * 1000, 1)},
    )
