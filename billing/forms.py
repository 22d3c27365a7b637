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

    region = forms.ChoiceField(
        required=False,
        label="Region",
        help_text="Where it is built, for a plan that leaves the choice to you.",
        error_messages={"invalid_choice": "No plan is offered in this region."},
    )

    def __init__(self, *args: Any, plans: Iterable[Plan], **options: Any) -> None:
        super().__init__(*args, **options)
        self.plans = {plan.code: plan for plan in plans}
        field: Any = self.fields["plan"]
        field.choices = [(plan.code, plan.name) for plan in self.plans.values()]
        open_ones = [plan for plan in self.plans.values() if len(plan.regions) > 1]
        if not open_ones:
            del self.fields["region"]
            return
        regions = dict.fromkeys(name for plan in open_ones for name in plan.regions)
        field = self.fields["region"]
        field.choices = [("", "The plan's own"), *((name, name) for name in regions)]

    def clean_region(self) -> str:
        region = str(self.cleaned_data["region"])
        plan = self.plans.get(self.cleaned_data.get("plan", ""))
        if region and plan is not None and region not in plan.regions:
            raise forms.ValidationError(f"{plan.name} is not offered in {region}.")
        return region


class NewTenantForm(PlanForm):
    """Which plan, and what the new tenant is called."""

    name = forms.CharField(max_length=120, label="Name")
    slug = forms.CharField(
        max_length=slugs.LONGEST,
        label="Address",
        help_text="Small letters, digits and hyphens; it can not be changed later.",
    )
