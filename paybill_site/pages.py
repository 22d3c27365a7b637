"""What people see when something is refused or breaks; programs get a problem."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from paybill_site.kernel.errors import is_for_programs, problem

log = logging.getLogger(__name__)

WORDS = {
    400: ("bad_request", "The request can not be understood."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is nothing here, or nothing that you may see."),
    500: ("server_error", "Something broke on our side. It has been noted."),
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """``CSRF_FAILURE_VIEW``: a form came from another site, or from an old page."""
    if is_for_programs(request):
        return _answer(request, 403)
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    code, words = WORDS[status]
    if is_for_programs(request):
        body = problem(status, code, code.replace("_", " ").capitalize(), words)
        return JsonResponse(
            body, status=status, content_type="application/problem+json"
        )
    return render(request, f"{status}.html", status=status)
