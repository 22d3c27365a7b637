"""Runs of workflows for people and their programs: looked at, begun, gone on with."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import Field, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.models import WorkflowRun, WorkflowStep
from agents.workflows import people, stepping
from paybill_site.kernel.actions import Input, invalid
from paybill_site.kernel.openapi import (
    PROBLEMS,
    Done,
    OneOf,
    Rehearsed,
    id_parameter,
    key_parameter,
)
from paybill_site.kernel.rest import (
    BoundedJSON,
    Known,
    Row,
    Things,
    body_of,
    carried_out,
)

DRY = OpenApiParameter(
    "dry_run",
    OpenApiTypes.BOOL,
    description="true: say what would happen, and keep nothing",
)
KEY = key_parameter("up to 200 characters; a repeat changes nothing")


class WorkflowStepSerializer(Row[WorkflowStep]):
    class Meta:
        model = WorkflowStep
        fields = ("id", "seq", "name", "status", "old", "new", "by", "target", "at")


class WorkflowRunSerializer(Row[WorkflowRun]):
    steps = WorkflowStepSerializer(many=True, read_only=True)

    class Meta:
        model = WorkflowRun
        fields = (
            "id",
            "workflow",
            "version",
            "subject",
            "state",
            "status",
            "agent",
            "started_by",
            "behalf",
            "why",
            "deadline_at",
            "created_at",
            "ended_at",
            "steps",
        )


class RunBody(Input):
    workflow: str = Field(max_length=100, description="as storefront.cancellation")
    subject: str = Field(max_length=60, description="public id of the row it is about")


class StepBody(Input):
    step: str = Field(max_length=60, description="name of the step")
    target: str = Field(
        "", max_length=60, description="public id; unless told the row of the run"
    )
    data: dict[str, Any] = Field({}, description="the input of the step's action")


class RunViews(Things):
    queryset = WorkflowRun.objects.select_related("agent").prefetch_related("steps")
    serializer_class = WorkflowRunSerializer

    @extend_schema(
        operation_id="agents_start_run",
        summary="Start a run of a workflow",
        request=RunBody,
        parameters=[KEY, DRY],
        responses={
            200: OpenApiResponse(
                OneOf(Done, Rehearsed), "Begun, or what a dry run would do"
            ),
            **PROBLEMS,
        },
    )
    def create(self, request: Request) -> Response:
        """Begin a run on a row. It needs the permission of the first step."""
        asked = _read(RunBody, request)
        workflow = people.declared(asked.workflow)
        return carried_out(workflow.start, request, asked.subject, {})


class StepsView(APIView):
    """The steps of one run."""

    permission_classes = (Known,)
    parser_classes = (BoundedJSON,)

    @extend_schema(
        operation_id="agents_take_step",
        summary="Take a step of a run",
        request=StepBody,
        parameters=[id_parameter(WorkflowRun), KEY, DRY],
        responses={
            200: OpenApiResponse(
                OneOf(Done, Rehearsed), "Taken, or what a dry run would do"
            ),
            **PROBLEMS,
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take a step that is for people, or for agents and people alike."""
        actor: Any = request.auth
        asked = _read(StepBody, request)
        run = stepping.visible(public_id, actor)
        action = people.step(run, asked.step).action
        target = None if action.creates else asked.target or people.subject_of(run)
        return carried_out(action, request, target, asked.data, run=run.public_id)


def _read[I: Input](kind: type[I], request: Request) -> I:
    try:
        return kind.model_validate(body_of(request), strict=True)
    except ValidationError as error:
        raise invalid(error) from error
