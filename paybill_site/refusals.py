"""A refusal that a page did not catch becomes a page, or a problem for programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render

from paybill_site.kernel.errors import (
    PaybillError,
    is_for_programs,
    problem_response,
)

KEY = re.compile(r"\bpbk_[a-z]{1,20}_[A-Za-z0-9_-]{20,}")


class NotAllowed(PaybillError):
    """This address does not know that method."""

    status = 405


class Malformed(PaybillError):
    """An address can not contain the NUL character."""


class KeyInAddress(PaybillError):
    """A key never stands in an address, where logs keep it: revoke it, make another.

    It belongs into the header Authorization.
    """


class RefusalMiddleware:
    """Answers every PaybillError with its status and its words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _has_nul(request):
            # No text of ours has it and PostgreSQL refuses it: said once, for all.
            return _refuse(request, Malformed())
        if _has_key(request):
            return _refuse(request, KeyInAddress())
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            page = _refuse(request, NotAllowed())
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponseBase | None:
        return _refuse(request, error) if isinstance(error, PaybillError) else None


def _has_nul(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return "\0" in request.path or "%00" in query or "\0" in query


def _has_key(request: HttpRequest) -> bool:
    """Whether a key or a token of ours stands in the path or the query."""
    address = f"{request.path}?{request.META.get('QUERY_STRING', '')}"
    return KEY.search(unquote_plus(unquote_plus(address))) is not None


def _refuse(request: HttpRequest, error: PaybillError) -> HttpResponseBase:
    if is_for_programs(request):
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
