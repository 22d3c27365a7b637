"""Agents and their tokens for the programs of the people who answer for them."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import Agent, AgentToken
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.openapi import (
    PROBLEMS,
    OneOf,
    Rehearsed,
    id_parameter,
    key_parameter,
)
from paybill_site.kernel.rest import OnceView, Row, Things, is_dry, key_of


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
            "session",
            "delegation",
            "audience",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )


class AgentViews(Things):
    queryset = Agent.objects.all()
    serializer_class = AgentSerializer


class TokenViews(Things):
    queryset = AgentToken.objects.select_related("agent", "delegation")
    serializer_class = TokenSerializer


class FreshToken(BaseModel):
    """A token, once: a repeat under the same key answers without ``token``."""

    id: str = Field(description="public id of the token")
    prefix: str = Field(description="the beginning of the token, to know it again by")
    scopes: list[str] = Field(description="what it may be used for, at most")
    expires_at: str = Field(description="ISO 8601")
    token: str = ""


class FreshClient(BaseModel):
    """An OAuth client; a repeat under the same key answers without the secret."""

    id: str = Field(description="public id of the agent, which is the client's id")
    state: str = Field(description="of the agent")
    client_secret: str = Field("", description="of a machine, shown this once")


def token_of(issued: AgentToken | None) -> dict[str, str]:
    """What the answer says beside the row."""
    return {"token": issued.secret if issued else ""}


def secret_of(agent: Agent | None) -> dict[str, str]:
    return {"client_secret": agent.secret if agent else ""}


class IssuingView(OnceView):
    """Base of the doors that make a token: 201 the first time."""

    def post(self, request: Request, public_id: str | None = None) -> Response:
        if is_dry(request):
            return super().post(request, public_id)
        actor: Any = request.auth
        data: Any = request.data
        key = key_of(request)
        done = perform(self.action, public_id, data, actor=actor, key=key)
        shown = {**done.output, **token_of(done.result)}
        response = Response(shown, status=200 if done.repeated else 201)
        response["Cache-Control"] = "no-store"
        return response


def issuing(route: str, action: AnyAction) -> URLPattern:
    """The address of an action that makes a token."""
    view: type[IssuingView] = type(
        f"{action.__name__}View", (IssuingView,), {"action": action}
    )
    described = extend_schema(
        operation_id=action.name.replace(".", "_"),
        summary=action.label(),
        description=action.description(),
        request=action.Input,
        parameters=[
            id_parameter(action.model),
            key_parameter("up to 200 characters; a repeat answers without the token"),
            OpenApiParameter(
                "dry_run",
                OpenApiTypes.BOOL,
                description="true: say what would happen, and keep nothing",
            ),
        ],
        responses={
            200: OpenApiResponse(
                OneOf(FreshToken, Rehearsed), "A repeat, or what a dry run would do"
            ),
            201: OpenApiResponse(FreshToken, "Issued; the token is shown this once"),
            **PROBLEMS,
        },
    )
    view = extend_schema_view(post=described)(view)
    return path(route, view.as_view(), name=action.name.replace(".", "_"))
