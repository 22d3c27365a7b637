"""REST: runs, what they planned and what they said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from pydantic import BaseModel, Field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paybill_site.kernel.actors import Kind
from paybill_site.kernel.errors import Invalid, NotFound
from paybill_site.kernel.openapi import OF_READS, id_parameter, refusals
from paybill_site.kernel.rest import Known, Row, Things, action_path, things
from provisioning import actions
from provisioning.gates import approvals
from provisioning.models import Approval, Run, RunPhase
from provisioning.runner import logs
from provisioning.states import Phase, RunState


@extend_schema_serializer(component_name="RunPhase")
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
            "checks",
            "explanation",
            "phases",
            "queued_at",
            "ended_at",
        )


class Runs(Things):
    """Plans and applies."""

    queryset = Run.objects.select_related("deployment__tenant").prefetch_related(
        "phases"
    )
    serializer_class = RunSerializer


class Judged(BaseModel):
    """A plan, masked, and what the gates and people say of it."""

    resources: list[dict[str, Any]] = Field(description="masked, old and new")
    policies: list[dict[str, Any]] = Field(description="each with its findings")
    cost: dict[str, Any] = Field(description="a month, in minor units")
    reasons: list[str] = Field(description="why a person has to approve it")
    requested_by: str = Field(description="public id of a person; else the system")
    good_until: datetime | None = Field(description="when the plan expires")
    stale: str = Field(description="why it can not be applied any more")
    approval: dict[str, Any] | None = Field(description="who, by which rule")


class PlanView(APIView):
    """What a run would change, what it costs, and who approved it; for operators."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="provisioning_run_plan",
        summary="Read a plan, masked",
        parameters=[id_parameter(Run)],
        responses={
            200: OpenApiResponse(Judged, "The plan and what is said of it"),
            **refusals(*OF_READS),
        },
    )
    def get(self, request: Request, public_id: str) -> Response:
        run = _for_operators(request, public_id)
        shown = getattr(run, "shown", None)
        waits = run.state in {RunState.WAITING, RunState.CONFIRMED}
        judged = Judged(
            resources=shown.resources if shown else [],
            policies=run.policies,
            cost=run.cost,
            reasons=run.reasons,
            requested_by=run.requested_by,
            good_until=approvals.good_until(run),
            stale=approvals.staleness(run) if waits else "",
            approval=_approval(run),
        )
        return Response(judged.model_dump(mode="json"))


APPROVAL = ("public_id", "approver", "rule", "expires_at", "void", "created_at")


def _approval(run: Run) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (
        Approval.objects.filter(run=run).values(*APPROVAL).first()
    )
    return found


class LogPart(BaseModel):
    """A part of a phase's log, and the offset to ask for next."""

    text: str
    offset: int
    final: bool


class RunLog(APIView):
    """What a phase of a run said, from an offset on; for operators."""

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
        run = _for_operators(request, public_id)
        phase = request.query_params.get("phase", "")
        offset = request.query_params.get("offset", "0")
        if phase not in Phase or not offset.isdecimal() or len(offset) > 12:
            raise Invalid("phase is plan, apply or finish; offset is a number")
        text, following = logs.read(run, phase, int(offset))
        return Response({"text": text, "offset": following, "final": run.is_final})


def _for_operators(request: Request, public_id: str) -> Run:
    """The run; plans and logs name what customers need not see. Raises NotFound."""
    actor: Any = request.auth
    rows = Run.objects.visible_to(actor).select_related("deployment__tenant", "shown")
    run = rows.filter(public_id=public_id).first()
    if run is None or actor.kind not in {Kind.OPERATOR, Kind.AGENT}:
        raise NotFound
    return run


urlpatterns = [
    *things("runs", Runs),
    path("runs/<str:public_id>/plan", PlanView.as_view(), name="run_plan"),
    path("runs/<str:public_id>/log", RunLog.as_view(), name="run_log"),
    action_path("runs/<str:public_id>/confirm", actions.ConfirmRun),
    action_path("runs/<str:public_id>/discard", actions.DiscardRun),
    action_path("runs/<str:public_id>/cancel", actions.CancelRun),
    action_path("runs/<str:public_id>/retry", actions.RetryRun),
    action_path("runs/<str:public_id>/comments", actions.CommentRun),
]
