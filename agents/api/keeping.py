"""Agents and their tokens for the programs of the people who answer for them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from agents.actions import IssueToken
from agents.models import Agent, AgentToken
from paybill_site.kernel.actions import perform
from paybill_site.kernel.openapi import PROBLEMS, id_parameter, key_parameter
from paybill_site.kernel.rest import ActionView, Row, Things, key_of


class AgentSerializer(Row[Agent]):
    class Meta:
        model = Agent
        fields = ("id", "name", "purpose", "state", "owner", "created_at")


class TokenSerializer(Row[AgentToken]):
    class Meta:
        model = AgentToken
        fields = (
            "id",
            "agent",
            "label",
            "prefix",
            "status",
            "scopes",
            "per_minute",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )


class AgentViews(Things):
    queryset = Agent.objects.all()
    serializer_class = AgentSerializer


class TokenViews(Things):
    queryset = AgentToken.objects.select_related("agent")
    serializer_class = TokenSerializer


class FreshToken(BaseModel):
    """A token, once: a repeat under the same key answers without ``token``."""

    id: str = Field(description="public id of the token")
    prefix: str = Field(description="the beginning of the token, to know it again by")
    scopes: list[str] = Field(description="what it may be used for, at most")
    expires_at: str = Field(description="ISO 8601")
    token: str = ""


class IssueTokenView(ActionView):
    """The only answer in which a token stands."""

    action = IssueToken

    @extend_schema(
        operation_id="agents_issue_token",
        summary=IssueToken.label(),
        description=IssueToken.description(),
        request=IssueToken.Input,
        parameters=[
            id_parameter(IssueToken.model),
            key_parameter("up to 200 characters; a repeat answers without the token"),
        ],
        responses={
            200: OpenApiResponse(FreshToken, "A repeat under the same key"),
            201: OpenApiResponse(FreshToken, "Issued; the token is shown this once"),
            **PROBLEMS,
        },
    )
    def post(self, request: Request, public_id: str | None = None) -> Response:
        actor: Any = request.auth
        data: Any = request.data
        done = perform(IssueToken, public_id, data, actor=actor, key=key_of(request))
        shown = {**done.output, "token": done.result.secret}
        response = Response(shown, status=200 if done.repeated else 201)
        response["Cache-Control"] = "no-store"
        return response
