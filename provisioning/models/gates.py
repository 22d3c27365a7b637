"""What people read of a plan, and the policies that operators add."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.models.runs import Run


class ShownPlan(models.Model):
    """The masked plan of a run, kept when the plan file is gone.

    ``basis`` is what the plan was made and judged on (serial of the state, version of
    the entitlement, policies). When any of it is another, the plan is stale.
    """

    account_path = "run__deployment__tenant__account"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="shown")
    resources = models.JSONField(default=list)
    basis = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"plan of {self.run_id}, masked"


class RegoPolicy(models.Model):
    """A rule of the operators' own for every plan, with the cases that prove it."""

    public_id = PublicId("pol")
    name = models.SlugField(max_length=60, unique=True)
    text = models.TextField(help_text="Rego; defines findings in package paybill")
    cases = models.JSONField(help_text="plan fragments and what is to be found")
    enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(auto_now=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["name"]
        verbose_name = "policy"
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name
