"""The one address, for the agents of whichever plane the host belongs to."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path
from rest_framework.request import Request

from agents.auth import TokenAuthentication
from agents.mcp.offering import Agents
from agents.mcp.views import Endpoint
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Unauthenticated


def bearer(request: HttpRequest) -> Actor:
    """The agent whose token this is. Raises Unauthenticated and TooMany."""
    found = TokenAuthentication().authenticate(Request(request))
    if found is None or found[1].kind is not Kind.AGENT:
        raise Unauthenticated
    return found[1]


urlpatterns = [path("mcp", Endpoint(Agents(), bearer), name="mcp")]
