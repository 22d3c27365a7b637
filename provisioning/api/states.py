"""REST: versions of Terraform's state, what lies between them, and the lock."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paybill_site.kernel.actors import Kind
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.openapi import OF_READS, id_parameter, refusals
from paybill_site.kernel.rest import Known, Row, Things, action_path, things
from provisioning import actions, statediff
from provisioning.models import Deployment, StateVersion


class StateVersionSerializer(Row[StateVersion]):
    class Meta:
        model = StateVersion
        fields = (
            "id",
            "deployment",
            "run",
            "serial",
            "lineage",
            "origin",
            "resources",
            "md5",
            "created_at",
        )


class StateVersions(Things):
    """Versions of Terraform's states; their content is not shown."""

    queryset = StateVersion.objects.select_related("deployment", "run").defer("content")
    serializer_class = StateVersionSerializer


class ChangedResource(BaseModel):
    """A resource that is in both versions, and which attributes of it differ."""

    address: str
    attributes: list[dict[str, Any]]


class StateDiff(BaseModel):
    """What lies between two versions; what is sensitive is masked."""

    added: list[str]
    removed: list[str]
    changed: list[ChangedResource]
    outputs: list[str]


class Diff(APIView):
    """What a version changed since another, by default the one before it."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="provisioning_state_diff",
        summary="Compare two states",
        parameters=[
            id_parameter(StateVersion),
            OpenApiParameter("since", str, description="id of the older version"),
        ],
        responses={
            200: OpenApiResponse(StateDiff, "What lies between them"),
            **refusals(*OF_READS),
        },
    )
    def get(self, request: Request, public_id: str) -> Response:
        newer = _version(request, public_id)
        asked = request.query_params.get("since", "")
        older = _version(request, asked) if asked else statediff.before(newer)
        if older is not None and older.deployment_id != newer.deployment_id:
            raise NotFound
        return Response(statediff.diff(older, newer))


def _version(request: Request, public_id: str) -> StateVersion:
    actor: Any = request.auth
    seen = StateVersion.objects.visible_to(actor).filter(public_id=public_id).first()
    if seen is None or actor.kind is not Kind.OPERATOR:
        raise NotFound
    return seen


class LockShown(BaseModel):
    """Who holds the lock of a state, and for how many seconds already."""

    held: bool
    run: str
    operation: str
    who: str
    seconds: int


class Lock(APIView):
    """Who holds the lock of a deployment's state; for operators."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="provisioning_state_lock",
        summary="Look at a state's lock",
        parameters=[id_parameter(Deployment)],
        responses={200: OpenApiResponse(LockShown, "The lock"), **refusals(*OF_READS)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        actor: Any = request.auth
        rows = Deployment.objects.visible_to(actor).filter(public_id=public_id)
        deployment = rows.select_related("lock__run").first()
        if deployment is None or actor.kind is not Kind.OPERATOR:
            raise NotFound
        held = getattr(deployment, "lock", None)
        if held is None:
            free = LockShown(held=False, run="", operation="", who="", seconds=0)
            return Response(free.model_dump())
        shown = LockShown(
            held=True,
            run=held.run.public_id,
            operation=str(held.info.get("Operation", "")),
            who=str(held.info.get("Who", "")),
            seconds=int((timezone.now() - held.created_at).total_seconds()),
        )
        return Response(shown.model_dump())


DEPLOYMENT = "deployments/<str:public_id>"
urlpatterns = [
    *things("state-versions", StateVersions),
    path("state-versions/<str:public_id>/diff", Diff.as_view(), name="state_diff"),
    action_path("state-versions/<str:public_id>/rollback", actions.RollbackState),
    path(f"{DEPLOYMENT}/lock", Lock.as_view(), name="state_lock"),
    action_path(f"{DEPLOYMENT}/lock/release", actions.ReleaseStateLock),
    action_path(f"{DEPLOYMENT}/state/adopt", actions.AdoptState),
    action_path(f"{DEPLOYMENT}/state/discard", actions.DiscardState),
    action_path(f"{DEPLOYMENT}/thaw", actions.ThawDeployment),
    action_path("runs/<str:public_id>/force-cancel", actions.ForceCancelRun),
]
