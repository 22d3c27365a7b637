"""A refusal that a page did not catch becomes a page, or a problem for programs."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from paybill_site.kernel.errors import PaybillError, problem_response


class RefusalMiddleware:
    """Answers every PaybillError with its status and its words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponseBase | None:
        if not isinstance(error, PaybillError):
            return None
        if request.path.startswith("/api/"):
            return problem_response(error)
        detail = error.detail[:1].upper() + error.detail[1:]
        response = render(
            request,
            "refused.html",
            {
                "title": error.title,
                "detail": detail,
                "reference": request.META.get("PAYBILL_REQUEST_ID", ""),
            },
            status=error.status,
        )
        if "retry_after" in error.members:
            response["Retry-After"] = str(error.members["retry_after"])
        return response
