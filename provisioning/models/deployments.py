"""What Terraform makes and takes away for one tenant."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.states import DeploymentState
from tenants.models import Tenant
from tenants.states import Isolation

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from provisioning.models.runs import Run
    from provisioning.models.statefile import StateVersion


def new_seed() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


class Deployment(models.Model):
    """Infrastructure of one tenant's own: what Terraform makes and takes away.

    ``fence`` rises whenever a runner takes up a run. Who comes with a lower number
    lost its lease and may write nothing.
    """

    account_path = "tenant__account"

    public_id = PublicId("dep")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="deployments"
    )
    kind = models.CharField(max_length=10, choices=Isolation.choices)
    cloud = models.CharField(max_length=20, default="local")
    region = models.CharField(max_length=40, default="local")
    account = models.ForeignKey(
        "provisioning.CloudAccount",
        null=True,
        on_delete=models.PROTECT,
        related_name="deployments",
        help_text="none: this machine",
    )
    state = models.CharField(
        max_length=12, choices=DeploymentState.choices, default=DeploymentState.EMPTY
    )
    generation = models.PositiveIntegerField(
        default=1, help_text="last part of every name, so that names are never reused"
    )
    stack_version = models.ForeignKey(
        "provisioning.StackVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="deployments",
        help_text="it stays on this one until it is moved",
    )
    stack_digest = models.CharField(
        max_length=64, blank=True, help_text="stack that was applied last"
    )
    protected = models.BooleanField(
        default=False, help_text="the cloud refuses to delete its data stores"
    )
    outputs = models.JSONField(default=dict, blank=True)
    seed = EncryptedText(
        default=new_seed,
        editable=False,
        help_text="what keys and passwords of its own are derived from",
    )
    fence = models.BigIntegerField(default=0)
    frozen = models.TextField(
        blank=True, help_text="why no run may start; empty: runs may start"
    )
    settled = models.BooleanField(
        default=True,
        help_text="what exists was compared with the state since an apply ended badly",
    )
    drift = models.JSONField(
        default=dict, blank=True, help_text="what the last look found changed outside"
    )
    drift_seen_at = models.DateTimeField(null=True, blank=True)
    report_key = models.CharField(
        max_length=60,
        blank=True,
        help_text="Ed25519 key (base64) that a silo's health report is signed with",
    )
    window = models.JSONField(
        default=dict,
        blank=True,
        help_text="when it may be upgraded: days, from, to, time zone; empty: always",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()
    runs: RelatedManager[Run]
    state_versions: RelatedManager[StateVersion]

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("queue_run", "Can queue a run"),
            ("set_window", "Can say when a deployment may be upgraded"),
            ("release_state_lock", "Can release a state lock"),
            ("adopt_state", "Can adopt or discard a state that was rescued"),
            ("rollback_state", "Can put an older state in force again"),
            ("thaw_deployment", "Can let runs start again"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=~models.Q(state="gone"),
                name="one_deployment_per_tenant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cloud} {self.kind} {self.public_id}"

    @property
    def simulated(self) -> bool:
        """Whether a simulator stands in for the cloud: its data is on this machine."""
        return self.account is not None and self.account.simulation
