"""The conformance suite's mount: the product's view over another registry.

The suite sends no credentials, so here, and only here, every request is one agent's.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path

from agents.mcp.views import Endpoint
from paybill_site.kernel.actors import Actor, Kind
from tests.mcp.fixtures import Fixtures

TESTER = Actor(kind=Kind.AGENT, id="agt_conformance", label="the suite", via="none")


def everybody(request: HttpRequest) -> Actor:
    return TESTER


urlpatterns = [path("mcp", Endpoint(Fixtures(), everybody))]
