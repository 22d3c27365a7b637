"""Forms of the portal: choose a plan and, for a new tenant, its name and address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from billing.models import Plan
from tenants import slugs


class PlanForm(forms.Form):
    """Which plan, for a tenant that exists."""

    plan = forms.ChoiceField(
        error_messages={
            "required": "Choose a plan.",
            "invalid_choice": "This plan is not on sale.",
        }
    )

    def __init__(self, *args: Any, plans: Iterable[Plan], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["plan"]
        field.choices = [(plan.code, plan.name) for plan in plans]


class NewTenantForm(PlanForm):
    """Which plan, and what the new tenant is called."""

    name = forms.CharField(max_length=120, label="Name")
    slug = forms.CharField(
        max_length=slugs.LONGEST,
        label="Address",
        help_text="Small letters, digits and hyphens; it can not be changed later.",
    )
