"""REST: runs, what they planned and what they said."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paybill_site.accounts.auth import SessionAuthentication
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.errors import Invalid, NotFound
from paybill_site.kernel.openapi import OF_READS, id_parameter, refusals
from paybill_site.kernel.rest import Known, Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Run, RunPhase
from provisioning.runner import logs
from provisioning.states import Phase


class PhaseSerializer(Row[RunPhase]):
    class Meta:
        model = RunPhase
        fields = ("name", "state", "started_at", "ended_at")


class RunSerializer(Row[Run]):
    tenant = serializers.CharField(source="tenant.public_id")
    phases = PhaseSerializer(many=True)

    class Meta:
        model = Run
        fields = (
            "id",
            "deployment",
            "tenant",
            "operation",
            "state",
            "attempt",
            "needs_confirmation",
            "plan_sha256",
            "plan_digest",
            "changes",
            "progress",
            "explanation",
            "phases",
            "queued_at",
            "ended_at",
        )


class Runs(Things):
    """Plans and applies."""

    authentication_classes = (SessionAuthentication,)
    queryset = Run.objects.select_related("deployment__tenant").prefetch_related(
        "phases"
    )
    serializer_class = RunSerializer


class LogPart(BaseModel):
    """A part of a phase's log, and the offset to ask for next."""

    text: str
    offset: int
    final: bool


class RunLog(APIView):
    """What a phase of a run said, from an offset on; for operators."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (Known,)

    @extend_schema(
        operation_id="provisioning_run_log",
        summary="Read a log",
        parameters=[
            id_parameter(Run),
            OpenApiParameter(
                "phase", enum=Phase.values, required=True, description="whose log"
            ),
            OpenApiParameter("offset", int, description="from which byte on"),
        ],
        responses={
            200: OpenApiResponse(LogPart, "What came after the offset"),
            **refusals(*OF_READS, 422),
        },
    )
    def get(self, request: Request, public_id: str) -> Response:
        actor: Any = request.auth
        run = Run.objects.visible_to(actor).filter(public_id=public_id).first()
        if run is None or actor.kind not in {Kind.OPERATOR, Kind.AGENT}:
            raise NotFound
        phase = request.query_params.get("phase", "")
        offset = request.query_params.get("offset", "0")
        if phase not in Phase or not offset.isdecimal() or len(offset) > 12:
            raise Invalid("phase is plan, apply or finish; offset is a number")
        text, following = logs.read(run, phase, int(offset))
        return Response({"text": text, "offset": following, "final": run.is_final})


urlpatterns = [
    *things("runs", Runs),
    path("runs/<str:public_id>/log", RunLog.as_view(), name="run_log"),
    action_path("runs/<str:public_id>/confirm", actions.ConfirmRun),
    action_path("runs/<str:public_id>/discard", actions.DiscardRun),
    action_path("runs/<str:public_id>/cancel", actions.CancelRun),
    action_path("runs/<str:public_id>/retry", actions.RetryRun),
]
