"""Deployments, their runs, what the runs said, and Terraform's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.states import (
    ACTIVE,
    FINAL,
    DeploymentState,
    Operation,
    Phase,
    PhaseState,
    RunState,
)
from tenants.models import Tenant
from tenants.states import Isolation

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


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
    state = models.CharField(
        max_length=12, choices=DeploymentState.choices, default=DeploymentState.EMPTY
    )
    generation = models.PositiveIntegerField(
        default=1, help_text="last part of every name, so that names are never reused"
    )
    stack_digest = models.CharField(
        max_length=64, blank=True, help_text="stack that was applied last"
    )
    outputs = models.JSONField(default=dict, blank=True)
    fence = models.BigIntegerField(default=0)
    frozen = models.TextField(
        blank=True, help_text="why no run may start; empty: runs may start"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()
    runs: RelatedManager[Run]
    state_versions: RelatedManager[StateVersion]

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("queue_run", "Can queue a run"),
            ("release_state_lock", "Can release a state lock"),
            ("adopt_state", "Can adopt a state that was rescued"),
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


class Run(models.Model):
    """One plan and, when it is confirmed, the apply of exactly that plan.

    Stack, inputs and Terraform version are pinned when the run is queued or planned.
    ``explanation`` is for people, ``traceback`` for engineers.
    """

    account_path = "deployment__tenant__account"

    public_id = PublicId("run")
    deployment = models.ForeignKey(
        Deployment, on_delete=models.PROTECT, related_name="runs"
    )
    operation = models.CharField(max_length=10, choices=Operation.choices)
    state = models.CharField(
        max_length=12, choices=RunState.choices, default=RunState.PENDING
    )
    trigger = models.CharField(
        max_length=100,
        unique=True,
        help_text="what asked for it; asked again, same run",
    )
    attempt = models.PositiveIntegerField(default=1)
    needs_confirmation = models.BooleanField(default=False)
    inputs = models.JSONField(default=dict)
    stack = models.CharField(max_length=60)
    stack_digest = models.CharField(max_length=64)
    terraform_version = models.CharField(max_length=20, blank=True)
    plan_sha256 = models.CharField(
        max_length=64, blank=True, help_text="of the plan file and its lock file"
    )
    plan_digest = models.CharField(
        max_length=64, blank=True, help_text="of the masked plan, canonical form"
    )
    changes = models.JSONField(
        default=dict, blank=True, help_text="counts and addresses of the plan"
    )
    progress = models.JSONField(default=dict, blank=True)
    explanation = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    token_digest = models.CharField(max_length=64, blank=True)
    queued_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()
    phases: RelatedManager[RunPhase]
    chunks: RelatedManager[LogChunk]

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("confirm_run", "Can confirm or discard a plan"),
            ("cancel_run", "Can cancel a run"),
            ("retry_run", "Can retry a run"),
            ("advance_run", "Can work on a run (the runner)"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"],
                condition=models.Q(state__in=sorted(ACTIVE)),
                name="one_active_run_per_deployment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=sorted(ACTIVE)),
                name="run_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.public_id}"

    @property
    def tenant(self) -> Tenant:
        """The tenant whose audit chain the run's entries are in."""
        return self.deployment.tenant

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


class RunPhase(models.Model):
    """When one phase of a run began and ended."""

    account_path = "run__deployment__tenant__account"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="phases")
    name = models.CharField(max_length=10, choices=Phase.choices)
    state = models.CharField(
        max_length=12, choices=PhaseState.choices, default=PhaseState.PENDING
    )
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="phase_once_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.run_id}: {self.state}"


class LogChunk(models.Model):
    """A piece of what a phase said: whole lines, redacted before they are stored."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    offset = models.BigIntegerField(help_text="characters before it")
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["run", "phase", "offset"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "phase", "offset"], name="chunk_once_per_offset"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} of {self.run_id} at {self.offset}"


class PlanFile(models.Model):
    """A saved plan between plan and apply. It holds state and inputs: a secret."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="plan_file")
    content = EncryptedBytes()
    lock = models.TextField(blank=True, help_text="dependency lock file")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"plan of {self.run_id}"


class StateOrigin(models.TextChoices):
    SAVED = "saved"  # by Terraform, over the backend
    RESCUED = "rescued"  # Terraform could not save it; not in force
    ADOPTED = "adopted"  # rescued, then put in force by an operator


class StateVersion(models.Model):
    """One version of a deployment's Terraform state, encrypted, kept for good."""

    account_path = "deployment__tenant__account"

    public_id = PublicId("stv")
    deployment = models.ForeignKey(
        Deployment, on_delete=models.PROTECT, related_name="state_versions"
    )
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, related_name="state_versions"
    )
    origin = models.CharField(
        max_length=10, choices=StateOrigin.choices, default=StateOrigin.SAVED
    )
    serial = models.BigIntegerField()
    lineage = models.CharField(max_length=60)
    md5 = models.CharField(max_length=32)
    resources = models.PositiveIntegerField(default=0)
    content = EncryptedBytes()
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "serial"],
                condition=~models.Q(origin="rescued"),
                name="state_serial_once",
            ),
        ]

    def __str__(self) -> str:
        return f"state {self.serial} of {self.deployment_id}"

    @property
    def tenant(self) -> Tenant:
        return self.deployment.tenant


class StateLock(models.Model):
    """Terraform's lock on a state: who holds it, as Terraform says it."""

    deployment = models.OneToOneField(
        Deployment, on_delete=models.CASCADE, related_name="lock"
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    lock_id = models.CharField(max_length=64)
    info = models.JSONField()
    fence = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.info.get('Operation', 'lock')} by {self.info.get('Who', '?')}"
