"""The agents' edge: which tools there are, and to call one."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import dispatch
from agents.auth import TokenAuthentication
from agents.errors import TooLarge
from agents.tools import offer
from paybill_site.kernel.actions import invalid
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Unauthenticated
from paybill_site.kernel.openapi import OF_READS, PROBLEMS, key_parameter, refusals
from paybill_site.kernel.rest import KEY_HEADER, BoundedJSON

LARGEST = 64 * 1024


class CallBody(BaseModel):
    """A call: arguments as the tool's inputSchema says, and whether it is for show."""

    model_config = ConfigDict(extra="forbid")
    arguments: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False


class CallAnswer(BaseModel):
    """``result`` is what the tool's outputSchema says.

    Of a dry run of a tool that acts it is what would happen: ``result``, the
    ``changes`` of rows and the ``events`` that would go out.
    """

    tool: str
    dry_run: bool
    repeated: bool
    result: dict[str, Any]


class Annotations(BaseModel):
    """Hints that follow from the code of the tool; nothing relies on them."""

    readOnlyHint: bool
    destructiveHint: bool
    idempotentHint: bool
    openWorldHint: bool


class ToolDescription(BaseModel):
    """A tool as this agent may use it. Schemas are JSON Schema 2020-12."""

    name: str
    title: str
    description: str
    inputSchema: dict[str, Any]
    outputSchema: dict[str, Any]
    annotations: Annotations


class ToolList(BaseModel):
    """The tools of one agent, in the order of their names."""

    tools: list[ToolDescription]
    cacheScope: Literal["private"] = "private"


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


class Tools(AgentView):
    """The catalogue as this agent may use it."""

    @extend_schema(
        operation_id="agent_tools",
        tags=["agents"],
        summary="List tools",
        responses={
            200: OpenApiResponse(ToolList, "The tools, by name"),
            **refusals(*OF_READS, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """List the tools for which the token has the scopes and the agent a grant."""
        actor: Any = request.auth
        found = [tool.described() for tool in offer.tools_for(actor)]
        response = Response({"tools": found, "cacheScope": "private"})
        response["Cache-Control"] = "private, no-store"
        return response


class Calls(AgentView):
    """Calls of one tool."""

    @extend_schema(
        operation_id="agent_call",
        tags=["agents"],
        request=CallBody,
        summary="Call a tool",
        parameters=[
            OpenApiParameter(
                "name", str, OpenApiParameter.PATH, description="name of the tool"
            ),
            key_parameter("needed by tools that act, unless it is a dry run"),
        ],
        responses={200: OpenApiResponse(CallAnswer, "The result"), **PROBLEMS},
    )
    def post(self, request: Request, name: str) -> Response:
        """Call a tool. A repeat with the same key returns what the first one did."""
        actor: Any = request.auth
        body = _body(request.data)
        key = request.headers.get(KEY_HEADER, "")
        done = dispatch.call(actor, name, body.arguments, key=key, dry_run=body.dry_run)
        return Response(
            {
                "tool": name,
                "dry_run": done.dry_run,
                "repeated": done.repeated,
                "result": done.result,
            }
        )


def _body(data: Any) -> CallBody:
    try:
        return CallBody.model_validate(data, strict=True)
    except ValidationError as error:
        raise invalid(error) from error
