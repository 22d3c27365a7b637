"""Runs of Terraform: what was asked, planned, decided, done and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.models.deployments import Deployment
from provisioning.states import (
    ACTIVE,
    FINAL,
    FourEyes,
    Operation,
    Phase,
    PhaseState,
    RunState,
)
from tenants.models import Tenant

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from provisioning.models.gates import ShownPlan


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
        max_length=14, choices=RunState.choices, default=RunState.PENDING
    )
    trigger = models.CharField(
        max_length=100,
        unique=True,
        help_text="what asked for it; asked again, same run",
    )
    attempt = models.PositiveIntegerField(default=1)
    needs_confirmation = models.BooleanField(default=False)
    inputs = models.JSONField(default=dict)
    requested_by = models.CharField(
        max_length=80, blank=True, help_text="public id of the person; else the system"
    )
    stack = models.CharField(max_length=60)
    stack_digest = models.CharField(max_length=64)
    terraform_version = models.CharField(max_length=20, blank=True)
    stack_version = models.ForeignKey(
        "provisioning.StackVersion", null=True, on_delete=models.PROTECT
    )
    mirror_digest = models.CharField(
        max_length=64, blank=True, help_text="of the provider plugins it may use"
    )
    providers = models.JSONField(
        default=list, blank=True, help_text="selected: source, version, hashes"
    )
    lock_sha256 = models.CharField(
        max_length=64, blank=True, help_text="of the dependency lock file"
    )
    imports = models.JSONField(
        default=list,
        blank=True,
        help_text="what exists without being in the state: address and id",
    )
    asked = models.PositiveSmallIntegerField(
        default=0, help_text="how often the cloud was asked in vain what exists"
    )
    ask_after = models.DateTimeField(
        null=True, blank=True, help_text="before this the cloud is not asked again"
    )
    policies = models.JSONField(
        default=list, blank=True, help_text="what each policy said of the plan"
    )
    cost = models.JSONField(
        default=dict, blank=True, help_text="monthly estimate, and what has no price"
    )
    reasons = models.JSONField(
        default=list, blank=True, help_text="why a person has to approve the plan"
    )
    checks = models.JSONField(
        default=list, blank=True, help_text="what was verified after the apply"
    )
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
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="when the reaper first saw the lease ended"
    )
    fence = models.BigIntegerField(default=0)
    token_digest = models.CharField(max_length=64, blank=True)
    token_writes = models.BooleanField(
        default=False, help_text="whether the token of this phase may save states"
    )
    queued_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()
    phases: RelatedManager[RunPhase]
    comments: RelatedManager[RunComment]
    chunks: RelatedManager[LogChunk]
    shown: ShownPlan

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("confirm_run", "Can confirm or discard a plan"),
            ("cancel_run", "Can cancel a run"),
            ("force_cancel_run", "Can end a run that does not stop"),
            ("comment_run", "Can comment on a run"),
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


class Approval(models.Model):
    """A person let this very plan be applied: both digests, until a time."""

    account_path = "run__deployment__tenant__account"

    public_id = PublicId("apr")
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="approval")
    plan_sha256 = models.CharField(max_length=64)
    plan_digest = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=80, help_text="public id of the person")
    approver = models.CharField(max_length=200, help_text="as people know them")
    rule = models.CharField(
        max_length=20, help_text="strict, delayed, or one for the system"
    )
    expires_at = models.DateTimeField()
    void = models.TextField(blank=True, help_text="why it does not count any more")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    def __str__(self) -> str:
        return f"{self.approver} for {self.run_id}"


class RunComment(models.Model):
    """What somebody wrote beside a run."""

    account_path = "run__deployment__tenant__account"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"


class RunRules(models.Model):
    """How runs are decided here; one row, changed by an audited action only."""

    public_id = PublicId("rul")
    four_eyes = models.CharField(
        max_length=10, choices=FourEyes.choices, default=FourEyes.STRICT
    )
    self_approval_minutes = models.PositiveIntegerField(
        default=60, help_text="how old a plan is before its own requester may approve"
    )
    approval_hours = models.PositiveIntegerField(
        default=24, help_text="how long a plan and its approval are good"
    )
    cool_off_minutes = models.PositiveIntegerField(
        default=10, help_text="from a cancel to the first possible force-cancel"
    )
    changed_at = models.DateTimeField(
        auto_now=True,
        null=True,
        help_text="what was approved before that is approved no more",
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = verbose_name_plural = "rules for runs"

    def __str__(self) -> str:
        return f"four eyes: {self.four_eyes}"
