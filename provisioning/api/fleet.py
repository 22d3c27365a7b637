"""REST: upgrades of fleets."""

from __future__ import annotations

from pydantic import BaseModel

from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Rollout, RolloutItem


class ItemSerializer(Row[RolloutItem]):
    class Meta:
        model = RolloutItem
        fields = (
            "id",
            "deployment",
            "wave",
            "state",
            "run",
            "explanation",
            "began_at",
            "ended_at",
        )


class RolloutSerializer(Row[Rollout]):
    items = ItemSerializer(many=True)

    class Meta:
        model = Rollout
        fields = (
            "id",
            "target",
            "state",
            "explanation",
            "waves",
            "budget",
            "at_once",
            "confirm",
            "items",
            "created_at",
            "ended_at",
        )


class Rollouts(Things):
    """Stack versions on their way to the deployments of a stack."""

    queryset = Rollout.objects.select_related("target").prefetch_related(
        "items__deployment", "items__run"
    )
    serializer_class = RolloutSerializer


class Started(BaseModel):
    """A rollout, or with ``dry_run`` what it would be: who is in which wave."""

    id: str
    state: str
    waves: list[list[str]]


urlpatterns = [
    *things("rollouts", Rollouts),
    action_path(
        "stacks/<str:public_id>/rollouts", actions.StartRollout, output=Started
    ),
    action_path("rollouts/<str:public_id>/pause", actions.PauseRollout),
    action_path("rollouts/<str:public_id>/resume", actions.ResumeRollout),
    action_path("rollouts/<str:public_id>/abort", actions.AbortRollout),
]
