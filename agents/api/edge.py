"""The base of the agents' edge: who may knock, how large, and what a refusal says."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.auth import TokenAuthentication
from agents.errors import TooLarge
from agents.oauth import challenges
from agents.tools import catalogue, offer
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import PaybillError, Unauthenticated
from paybill_site.kernel.rest import BoundedJSON

LARGEST = 64 * 1024


class CallParser(BoundedJSON):
    """JSON of a size that a call can need."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise TooLarge(f"a call is at most {LARGEST} bytes")
        return super().parse(stream, media_type, parser_context)


class IsAgent(BasePermission):
    """Lets agents in; what they may do is decided by tool and row."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = request.auth
        if not isinstance(actor, Actor) or actor.kind is not Kind.AGENT:
            raise Unauthenticated
        return True


class AgentView(APIView):
    """Base of the views that agents' tokens open."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAgent,)
    parser_classes = (CallParser,)

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal says where a token that would do can be had (RFC 6750)."""
        response = super().handle_exception(exc)
        http = self.request._request
        if response.status_code == 401:
            shown = "Authorization" in http.headers
            response["WWW-Authenticate"] = challenges.unauthorized(http, shown=shown)
        elif isinstance(exc, PaybillError) and exc.members.get("rule") == "scope":
            tool = catalogue.tools_here().get(self.kwargs.get("name", ""))
            scopes = offer.needed(tool) if tool else ()
            response["WWW-Authenticate"] = challenges.insufficient(http, scopes)
        return response
