"""The session of a browser as a way to use the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.request import Request

from paybill_site.kernel import actors
from paybill_site.kernel.actors import Actor


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in person; CSRF is checked, and ``request.auth`` is the actor."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        return found[0], actors.of_request(request._request)


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A signed-in browser; what writes sends X-CSRFToken too.",
        }
