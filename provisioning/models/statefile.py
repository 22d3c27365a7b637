"""Terraform's state: every version, and who holds the lock."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.models.deployments import Deployment
from provisioning.models.runs import Run
from tenants.models import Tenant


class StateOrigin(models.TextChoices):
    SAVED = "saved"  # by Terraform, over the backend
    RESCUED = "rescued"  # Terraform could not save it; not in force
    ADOPTED = "adopted"  # rescued, then put in force by an operator
    DISCARDED = "discarded"  # rescued, and not needed; not in force
    REVERTED = "reverted"  # an older one, put in force again under a new serial


# Kept, and never what Terraform reads.
ASIDE = frozenset({StateOrigin.RESCUED, StateOrigin.DISCARDED})


class StateVersion(models.Model):
    """One version of a deployment's Terraform state, encrypted.

    How long it is kept is in ``provisioning.retention``.
    """

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
                condition=~models.Q(origin__in=["discarded", "rescued"]),
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
