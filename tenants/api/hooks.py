"""REST: webhooks of an account, what was sent, and what there is to be told of."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paybill_site.kernel.openapi import OF_READS, Done, refusals
from paybill_site.kernel.rest import (
    Known,
    Row,
    Things,
    action_path,
    shown_once,
    things,
)
from tenants.hooks import actions, catalogue
from tenants.models import WebhookAttempt, WebhookEndpoint, WebhookMessage


class EndpointSerializer(Row[WebhookEndpoint]):
    class Meta:
        model = WebhookEndpoint
        fields = (
            "id",
            "account",
            "url",
            "description",
            "types",
            "state",
            "disabled_because",
            "former_until",
            "failing_since",
            "not_before",
            "created_at",
        )


class MessageSerializer(Row[WebhookMessage]):
    class Meta:
        model = WebhookMessage
        fields = (
            "id",
            "endpoint",
            "type",
            "body",
            "state",
            "attempts",
            "failures",
            "next_at",
            "created_at",
            "settled_at",
        )


class AttemptSerializer(Row[WebhookAttempt]):
    class Meta:
        model = WebhookAttempt
        fields = ("id", "message", "number", "status", "milliseconds", "said", "at")


class EndpointViews(Things):
    queryset = WebhookEndpoint.objects.select_related("account")
    serializer_class = EndpointSerializer


class MessageViews(Things):
    queryset = WebhookMessage.objects.select_related("endpoint")
    serializer_class = MessageSerializer


class AttemptViews(Things):
    queryset = WebhookAttempt.objects.select_related("message")
    serializer_class = AttemptSerializer


class FreshWebhookSecret(BaseModel):
    """A webhook with its signing secret, once: a repeat answers without it."""

    id: str = Field(description="public id of the webhook")
    state: str = Field("", description="enabled, disabled or removed")
    secret: str = Field("", description="whsec_ and the base64 of 32 bytes")


class Resent(Done):
    """The webhook, and how many messages are sent to it again."""

    resent: int = 0


class WebhookType(BaseModel):
    """A type of events that a webhook can be told of."""

    name: str = Field(description="as it is chosen, and as `type` of its messages")
    description: str
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema")


class WebhookTypes(BaseModel):
    types: list[WebhookType]


class TypesView(APIView):
    """What accounts can be told of."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="webhook_types",
        summary="List types of events",
        description="What a webhook can be told of, each with its JSON Schema.",
        responses={
            200: OpenApiResponse(WebhookTypes, "All of them"),
            **refusals(*OF_READS),
        },
    )
    def get(self, request: Request) -> Response:
        found = [catalogue.types[name] for name in sorted(catalogue.types)]
        shown = [
            {"name": one.name, "description": one.description, "schema": one.schema}
            for one in found
        ]
        return Response({"types": shown})


def _secret(made: WebhookEndpoint) -> dict[str, str]:
    return {"secret": made.fresh_secret}


one = "webhook-endpoints/<str:public_id>"
urlpatterns = [
    path("webhook-types", TypesView.as_view(), name="webhook-types"),
    *things("webhook-endpoints", EndpointViews),
    *things("webhook-messages", MessageViews),
    *things("webhook-attempts", AttemptViews),
    shown_once(
        "accounts/<str:public_id>/webhook-endpoints",
        actions.AddEndpoint,
        output=FreshWebhookSecret,
        secret=_secret,
    ),
    shown_once(
        f"{one}/secret",
        actions.RotateSecret,
        output=FreshWebhookSecret,
        secret=_secret,
    ),
    action_path(f"{one}/change", actions.ChangeEndpoint),
    action_path(f"{one}/enable", actions.EnableEndpoint),
    action_path(f"{one}/disable", actions.DisableEndpoint),
    action_path(f"{one}/remove", actions.RemoveEndpoint),
    action_path(f"{one}/test", actions.SendTest),
    action_path(f"{one}/resend", actions.ResendFailed, output=Resent),
    action_path("webhook-messages/<str:public_id>/resend", actions.ResendMessage),
]
