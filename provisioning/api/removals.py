"""REST: removals, their steps, and the signed record of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.openapi import OF_READS, id_parameter, refusals
from paybill_site.kernel.rest import Known, Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Removal, RemovalStep


@extend_schema_serializer(component_name="StepOfRemoval")
class StepSerializer(Row[RemovalStep]):
    id = None  # type: ignore[assignment]  # a step has none of its own

    class Meta:
        model = RemovalStep
        fields = ("name", "began_at", "ended_at", "detail")


class RemovalSerializer(Row[Removal]):
    steps = StepSerializer(many=True)

    class Meta:
        model = Removal
        fields = (
            "id",
            "tenant",
            "deployment",
            "placement",
            "state",
            "held",
            "trouble",
            "backup",
            "steps",
            "created_at",
            "done_at",
        )


class Removals(Things):
    """Places on their way out."""

    queryset = Removal.objects.select_related(
        "tenant", "deployment", "placement", "backup"
    ).prefetch_related("steps")
    serializer_class = RemovalSerializer


class RemovalRecord(APIView):
    """The signed record of a removal, as a file."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="provisioning_removal_record",
        summary="Download the record",
        parameters=[id_parameter(Removal)],
        responses={
            200: OpenApiResponse(OpenApiTypes.OBJECT, "The record and its signature"),
            **refusals(*OF_READS),
        },
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        actor: Any = request.auth
        seen = Removal.objects.visible_to(actor)
        removal = seen.filter(public_id=public_id).exclude(record="").first()
        if removal is None:
            raise NotFound
        return HttpResponse(
            removal.record,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{public_id}.json"'},
        )


urlpatterns = [
    *things("removals", Removals),
    path(
        "removals/<str:public_id>/record",
        RemovalRecord.as_view(),
        name="removal_record",
    ),
    action_path("removals/<str:public_id>/hold", actions.HoldRemoval),
    action_path("removals/<str:public_id>/release", actions.ReleaseRemoval),
    action_path("removals/<str:public_id>/retry", actions.RetryRemoval),
    action_path("removals/<str:public_id>/skip-backup", actions.SkipBackup),
]
