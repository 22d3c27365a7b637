"""REST: meters, and the one door through which usage comes in.

Numbers are kept as the text that was sent, so no amount of anything is ever a float.
Events have ids of their own: an ``Idempotency-Key`` would add nothing, and is not read.
"""

from __future__ import annotations

import json
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import actions
from billing.actions.usage import UsageInput
from billing.models import Meter
from billing.usage.events import MOST
from paybill_site.accounts.auth import SessionAuthentication
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.openapi import refusals
from paybill_site.kernel.rest import Known, Row, Things, action_path, things
from tenants.keys.auth import KeyAuthentication

# Programs with a key of their account, and people.
WHO = (KeyAuthentication, SessionAuthentication)

EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "source", "tenant", "meter"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "maxLength": 100},
        "source": {"type": "string", "maxLength": 60},
        "tenant": {"type": "string", "description": "public id"},
        "meter": {"type": "string", "description": "code"},
        "at": {"type": "string", "format": "date-time"},
        "properties": {"type": "object", "maxProperties": 20},
        "cancels": {"type": "string", "description": "id of the event to take back"},
    },
}
BATCH = {
    "type": "object",
    "required": ["events"],
    "properties": {"events": {"type": "array", "items": EVENT, "maxItems": MOST}},
}
ANSWER = inline_serializer(
    "UsageAnswer",
    {
        "id": serializers.CharField(help_text="public id of the batch"),
        "accepted": serializers.IntegerField(),
        "duplicates": serializers.IntegerField(),
        "refused": serializers.IntegerField(),
        "digest": serializers.CharField(help_text="SHA-256 of the events"),
        "events": inline_serializer(
            "UsageEventAnswer",
            {
                "index": serializers.IntegerField(),
                "status": serializers.CharField(
                    help_text="accepted, duplicate or refused"
                ),
                "reason": serializers.CharField(required=False),
            },
            many=True,
        ),
    },
)


class LosslessJSON(BaseParser):
    """JSON whose numbers stay the text that was sent: ``1e9`` and NaN, too."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        try:
            return json.loads(
                stream.read(), parse_float=str, parse_int=str, parse_constant=str
            )
        except (ValueError, RecursionError) as error:
            raise ParseError("the body is not JSON") from error


class UsageEvents(APIView):
    """``POST {"events": [...]}``, or one event as it is.

    Where nothing can be taken it is a problem (422), with the reasons in ``events``.
    """

    authentication_classes = WHO
    permission_classes = (Known,)
    parser_classes = (LosslessJSON,)

    @extend_schema(
        operation_id="usage_events_create",
        summary=actions.RecordUsage.description(),
        request={"application/json": {"oneOf": [EVENT, BATCH]}},
        responses={
            200: OpenApiResponse(ANSWER),
            **refusals(400, 401, 403, 404, 409, 413, 422, 429),
        },
    )
    def post(self, request: Request) -> Response:
        sent = _events(request.data)
        actor: Any = request.auth
        # Each event is checked by itself; here is only a list of so many.
        batch = UsageInput.model_construct(events=sent)
        outcome = perform(actions.RecordUsage, None, batch, actor=actor)
        return Response({**outcome.output, "events": outcome.result.answers})


def _events(body: Any) -> list[Any]:
    """The events of a body. Raises Invalid."""
    if not isinstance(body, dict) or not body:
        raise Invalid("the body is an event, or an object with a list of events")
    if "events" not in body:
        return [body]
    sent = body["events"]
    if len(body) > 1 or not isinstance(sent, list):
        raise Invalid("events is a list, and nothing stands beside it")
    if not 1 <= len(sent) <= MOST:
        raise Invalid(f"a batch has 1 to {MOST} events; this one has {len(sent)}")
    return sent


class MeterSerializer(Row[Meter]):
    class Meta:
        model = Meter
        fields = (
            "id",
            "code",
            "name",
            "aggregation",
            "value_from",
            "key_from",
            "carried",
            "unit",
            "units",
            "retired_at",
        )


class MeterViews(Things):
    authentication_classes = WHO
    queryset = Meter.objects.all()
    serializer_class = MeterSerializer


urlpatterns = [
    path("usage/events", UsageEvents.as_view(), name="usage-events"),
    *things("meters", MeterViews, actions.CreateMeter),
    action_path("meters/<str:public_id>/rename", actions.RenameMeter),
    action_path("meters/<str:public_id>/retire", actions.RetireMeter),
    action_path("meters/<str:public_id>/rebuild", actions.RebuildUsage),
]
