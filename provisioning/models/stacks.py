"""Stacks as they were: each version is kept, so that tenants can stay on theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from provisioning.models.deployments import Deployment


class StackVersion(models.Model):
    """The files of a stack under the digest of their names and contents."""

    public_id = PublicId("stk")
    name = models.CharField(max_length=60, help_text="cloud/kind")
    digest = models.CharField(max_length=64)
    files = models.JSONField(help_text="file name to text")
    providers = models.JSONField(
        default=dict, help_text="source to the versions that are admitted"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()
    deployments: RelatedManager[Deployment]

    class Meta:
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "digest"], name="stack_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"
