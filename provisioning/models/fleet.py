"""Moving many deployments to a new version of their stack, wave by wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.models.deployments import Deployment
from provisioning.models.runs import Run
from provisioning.models.stacks import StackVersion
from tenants.models import Tenant

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class Rollout(models.Model):
    """A stack version on its way to the deployments of that stack.

    ``budget``: how many may fail before it pauses. ``at_once``: how many of one wave
    are upgraded at the same time.
    """

    public_id = PublicId("rol")
    target = models.ForeignKey(
        StackVersion, on_delete=models.PROTECT, related_name="rollouts"
    )
    state = models.CharField(
        max_length=10, choices=RolloutState.choices, default=RolloutState.RUNNING
    )
    explanation = models.TextField(blank=True)
    waves = models.JSONField(
        default=list, help_text="how many deployments each wave has"
    )
    budget = models.PositiveIntegerField(default=0)
    at_once = models.PositiveIntegerField(default=4)
    confirm = models.BooleanField(
        default=False, help_text="a person looks at each plan before it is applied"
    )
    requested_by = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()
    items: RelatedManager[RolloutItem]

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("start_rollout", "Can start the upgrade of a fleet"),
            ("steer_rollout", "Can pause, resume and abort an upgrade of a fleet"),
            ("advance_rollout", "Can take an upgrade a step on (the system)"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(state__in=["running", "paused"]),
                name="one_rollout_per_stack_version",
            ),
        ]

    def __str__(self) -> str:
        return f"upgrade to {self.target}"


class RolloutItem(models.Model):
    """One deployment of a rollout: its wave, and what became of it."""

    account_path = "deployment__tenant__account"

    public_id = PublicId("rit")
    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="items")
    deployment = models.ForeignKey(
        Deployment, on_delete=models.PROTECT, related_name="upgrades"
    )
    wave = models.PositiveIntegerField()
    state = models.CharField(
        max_length=10, choices=ItemState.choices, default=ItemState.WAITING
    )
    before = models.ForeignKey(
        StackVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="+")
    explanation = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["rollout", "wave", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollout", "deployment"], name="deployment_once_per_rollout"
            ),
        ]
        indexes = [models.Index(fields=["run"], name="rollout_item_run")]

    def __str__(self) -> str:
        return f"{self.deployment} in wave {self.wave}"

    @property
    def tenant(self) -> Tenant:
        return self.deployment.tenant
