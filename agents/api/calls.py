"""The agents' edge: which tools there are, to call one, and how a call goes on."""

from __future__ import annotations

from typing import Any, Literal

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from agents import dispatch
from agents.api.edge import AgentView
from agents.models import Approval
from agents.tools import offer
from paybill_site.kernel.actions import invalid
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.openapi import (
    OF_READS,
    PROBLEMS,
    id_parameter,
    key_parameter,
    refusals,
)
from paybill_site.kernel.rest import KEY_HEADER

SECONDS = 5  # after which it makes sense to ask again how a call goes on


class CallBody(BaseModel):
    """A call: arguments as the tool's inputSchema says, and whether it is for show."""

    model_config = ConfigDict(extra="forbid")
    arguments: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False
    approval: str = Field("", max_length=40, description="what a person agreed to")


class CallAnswer(BaseModel):
    """``result`` is what the tool's outputSchema says.

    Of a dry run of a tool that acts it is what would happen: ``result``, the
    ``changes`` of rows and the ``events`` that would go out. With ``approval`` nothing
    has happened yet: a person has to agree first.
    """

    tool: str
    dry_run: bool
    repeated: bool
    result: dict[str, Any]
    approval: str = Field(description="public id of what waits for a person, or empty")


class Waiting(BaseModel):
    """A call that a person has to agree to: its state and, once done, its result."""

    approval: str = Field(description="public id of what waits")
    state: str = Field(description="waiting, approved, used, refused, void, ...")
    tool: str
    why: str = Field(description="why a person has to agree")
    outcome: str = Field(description="why it came to this state")
    result: dict[str, Any] | None = Field(description="of the call, once it was done")


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


class Tools(AgentView):
    """The catalogue as this agent may use it."""

    @extend_schema(
        operation_id="agent_tools",
        tags=["agents"],
        summary="List tools",
        parameters=[
            OpenApiParameter(
                "If-None-Match",
                str,
                OpenApiParameter.HEADER,
                description="the ETag of an earlier answer",
            )
        ],
        responses={
            200: OpenApiResponse(ToolList, "The tools, by name"),
            304: OpenApiResponse(description="They are what they were"),
            **refusals(*OF_READS, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """List the tools for which the token has the scopes and the agent a grant."""
        actor: Any = request.auth
        found = [tool.described() for tool in offer.tools_for(actor)]
        tag = f'"{digest_of(found)[:32]}"'
        if request.headers.get("If-None-Match", "") == tag:
            response = Response(status=304)
        else:
            response = Response({"tools": found, "cacheScope": "private"})
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        response["Vary"] = "Authorization"
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
        responses={
            200: OpenApiResponse(CallAnswer, "The result"),
            202: OpenApiResponse(
                CallAnswer, "A person has to agree; `Location` says how it goes on"
            ),
            **PROBLEMS,
        },
    )
    def post(self, request: Request, name: str) -> Response:
        """Call a tool. A repeat with the same key returns what the first one did."""
        actor: Any = request.auth
        body = _body(request.data)
        done = dispatch.call(
            actor,
            name,
            body.arguments,
            key=request.headers.get(KEY_HEADER, ""),
            dry_run=body.dry_run,
            approval=body.approval,
        )
        answer = CallAnswer(
            tool=name,
            dry_run=done.dry_run,
            repeated=done.repeated,
            result=done.result,
            approval=done.approval,
        )
        response = Response(answer.model_dump(mode="json"))
        if done.approval:
            response.status_code = 202
            response["Location"] = reverse("agent_waiting", args=[done.approval])
            response["Retry-After"] = str(SECONDS)
        return response


class WaitingCall(AgentView):
    """A call that waited for a person, or still does."""

    @extend_schema(
        operation_id="agent_waiting",
        tags=["agents"],
        summary="See how a call goes on",
        parameters=[id_parameter(Approval)],
        responses={
            200: OpenApiResponse(Waiting, "Where it stands"),
            **refusals(*OF_READS, 429),
        },
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Tell where a call stands that a person has to agree to, and what it gave."""
        actor: Any = request.auth
        shown = dispatch.call(actor, "get_approval", {"id": public_id}).result
        answer = Waiting(
            approval=public_id,
            state=shown["state"],
            tool=shown["tool"],
            why=shown["why"] or "",
            outcome=shown["outcome"] or "",
            result=shown["result"],
        )
        return Response(answer.model_dump(mode="json"))


def _body(data: Any) -> CallBody:
    try:
        return CallBody.model_validate(data, strict=True)
    except ValidationError as error:
        raise invalid(error) from error
