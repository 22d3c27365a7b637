"""One family of errors; the docstring is the message unless a better one is given.

``permanent`` says whether trying again can help. At the edges an error becomes a
problem document (RFC 9457) in one place, so no door invents its own words.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions as drf
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

log = logging.getLogger(__name__)


# Who asks here is a program: it gets a problem document instead of a page.
FOR_PROGRAMS = (
    "/api/",
    "/terraform/",
    "/health/",
    "/metrics",
    "/entry/push/",
    "/hooks/",
    "/mcp",
    "/.well-known/",
    "/oauth/token",
    "/oauth/revoke",
)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether a program asks, by the address."""
    return request.path.startswith(FOR_PROGRAMS)


class PaybillError(Exception):
    """Something is not possible."""

    status = 400
    permanent = True

    def __init__(self, detail: str = "", **members: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").split("\n")[0]
        self.members = members
        super().__init__(self.detail)

    @property
    def code(self) -> str:
        """The machine-readable name: ``IllegalMove`` -> ``illegal_move``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def title(self) -> str:
        return self.code.replace("_", " ").capitalize()

    def problem(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        return problem(self.status, self.code, self.title, self.detail, **self.members)


class Refused(PaybillError):
    """The request can not be taken as it is."""


class Invalid(PaybillError):
    """The input does not fit its schema."""

    status = 422


class NotFound(PaybillError):
    """There is nothing here, or nothing that you may see."""

    status = 404


class Forbidden(PaybillError):
    """You may not do this."""

    status = 403


class Unauthenticated(PaybillError):
    """Say who you are: the credentials are missing, wrong or expired."""

    status = 401


class Conflict(PaybillError):
    """Somebody else changed this meanwhile; look again, then repeat."""

    status = 409
    permanent = False


class IllegalMove(PaybillError):
    """The present state does not allow this."""

    status = 409


class StaleVersion(PaybillError):
    """The version you looked at is not the present one; look again, then repeat."""

    status = 412


class KeyReused(PaybillError):
    """This idempotency key was used before with other arguments; use a new key."""

    status = 409


class LimitReached(PaybillError):
    """A limit of the plan or of the grant is reached."""

    status = 403


class TooLarge(PaybillError):
    """This is larger than what is read here."""

    status = 413


class TooMany(PaybillError):
    """Too many requests; wait a little."""

    status = 429
    permanent = False


class Unavailable(PaybillError):
    """A part that this needs is not reachable at the moment; try again shortly."""

    status = 503
    permanent = False


def problem(
    status: int, code: str, title: str, detail: str, **members: Any
) -> dict[str, Any]:
    """Return a problem document: RFC 9457 members plus ``code``."""
    return {
        "type": f"urn:paybill:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }


def problem_response(error: PaybillError) -> JsonResponse:
    """Answer with the error's problem document."""
    response = JsonResponse(
        error.problem(), status=error.status, content_type="application/problem+json"
    )
    for name, value in _headers(error).items():
        response[name] = value
    return response


def _headers(error: PaybillError) -> dict[str, str]:
    headers = {}
    if "retry_after" in error.members:
        headers["Retry-After"] = str(error.members["retry_after"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``: every refusal is a problem document.

    Anything unknown returns None and so reaches Django's 500 handler, which logs
    the traceback and shows none of it.
    """
    known = _known(error)
    if known is None:
        return None
    # A view with formats of its own (the OpenAPI document) refuses in ours.
    renderer = JSONRenderer()
    context["request"].accepted_renderer = renderer
    context["request"].accepted_media_type = renderer.media_type
    response = Response(
        known.problem(),
        status=known.status,
        content_type="application/problem+json",
        headers=_headers(known),
    )
    response.exception = True
    return response


def _known(error: Exception) -> PaybillError | None:
    if isinstance(error, PaybillError):
        return error
    if isinstance(error, Http404 | drf.NotFound):
        return NotFound()
    if isinstance(error, drf.ValidationError):
        # DRF's words quote what was sent; the names of the rules do not.
        return Invalid(errors=error.get_codes())
    if isinstance(error, drf.NotAuthenticated | drf.AuthenticationFailed):
        return Unauthenticated()
    if isinstance(error, PermissionDenied | drf.PermissionDenied):
        return Forbidden(str(getattr(error, "detail", "")))
    return _other(error)


def _other(error: Exception) -> PaybillError | None:
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if not isinstance(error, drf.APIException):
        return None
    if isinstance(error, drf.Throttled):
        return TooMany(retry_after=int(getattr(error, "wait", 0) or 1))
    refused = Refused(str(error.detail))
    refused.status = error.status_code
    return refused


class DenyAll(BasePermission):
    """DRF's default permission: a view that names none lets nobody in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """``handler404`` of paths below ``/api/``."""
    return problem_response(NotFound())
