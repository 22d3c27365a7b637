"""Taking a tenant's place away: each step with its time, and what proves the end."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.models.databases import Backup
from provisioning.models.deployments import Deployment
from provisioning.models.runs import Run
from provisioning.removal.states import RemovalState
from tenants.models import Placement, Tenant


class Removal(models.Model):
    """One place on its way out: a deployment, or a schema of the pool.

    ``trouble`` says why it does not go on by itself; ``held`` that an operator wants
    it to wait. ``notes`` collects what each step found, for the record.
    """

    account_path = "tenant__account"

    public_id = PublicId("rem")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="removals"
    )
    deployment = models.OneToOneField(
        Deployment, null=True, on_delete=models.PROTECT, related_name="removal"
    )
    placement = models.OneToOneField(
        Placement,
        null=True,
        on_delete=models.PROTECT,
        related_name="removal",
        help_text="of the pool; none when it is a deployment that goes",
    )
    state = models.CharField(
        max_length=12, choices=RemovalState.choices, default=RemovalState.SUSPENDING
    )
    attempt = models.PositiveIntegerField(
        default=1, help_text="raised by a retry: what failed is asked for anew"
    )
    held = models.TextField(blank=True, help_text="why it waits; empty: it goes on")
    trouble = models.TextField(blank=True, help_text="why it can not go on by itself")
    without_backup = models.BooleanField(
        default=False, help_text="an operator decided to go on without a last backup"
    )
    backup = models.ForeignKey(
        Backup, null=True, on_delete=models.PROTECT, related_name="removals"
    )
    run = models.ForeignKey(
        Run, null=True, on_delete=models.PROTECT, related_name="+", help_text="last"
    )
    notes = models.JSONField(default=dict, blank=True)
    record = models.TextField(blank=True, help_text="signed: what was removed, proofs")
    created_at = models.DateTimeField(db_default=Now())
    looked_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("begin_removal", "Can begin to take a place away (the system)"),
            ("advance_removal", "Can note the steps of a removal (the system)"),
            ("hold_removal", "Can hold a removal and let it go on"),
            ("retry_removal", "Can try a removal again that is stuck"),
            ("skip_backup", "Can remove a database without a last backup"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deployment=None) ^ models.Q(placement=None),
                name="removal_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["looked_at"],
                condition=~models.Q(state="done"),
                name="removal_going_on",
            ),
        ]

    def __str__(self) -> str:
        return f"removal {self.public_id}"


class RemovalStep(models.Model):
    """When a removal came to a step, and when it left it."""

    account_path = "removal__tenant__account"

    removal = models.ForeignKey(Removal, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=12, choices=RemovalState.choices)
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["removal", "name"], name="step_once_per_removal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.removal_id}"
