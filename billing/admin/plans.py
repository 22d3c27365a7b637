"""The catalogue."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Plan, Price
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import money


@operators.register(Plan)
class PlanAdmin(VerbAdmin[Plan]):
    """The catalogue: every version that was ever sold."""

    list_display = (
        "name",
        "code",
        "version",
        "kind",
        "state_badge",
        "amount",
        "effective_from",
        "isolation",
    )
    list_filter = ("state", "kind", "isolation", "currency")
    search_fields = ("public_id", "code", "name")
    creator = actions.CreatePlan
    verbs = (actions.RetirePlan, actions.MigratePlan, actions.StartSale)

    @admin.display(description="Price", ordering="price")
    def amount(self, obj: Plan) -> SafeString:
        return money(obj.price, obj.currency)

    def related(self, obj: Plan) -> Neighbours:
        return [
            ("subscriptions", rows_of("subscription", f"plan__id__exact={obj.pk}")),
            ("prices", rows_of("price", f"plan__id__exact={obj.pk}")),
            ("new version, with what it costs", _page("write", obj.code)),
            ("the catalogue as a file", reverse("admin:billing_catalogue")),
        ]


@operators.register(Price)
class PriceAdmin(VerbAdmin[Price]):
    """What is billed of each version, in each currency; rows never change."""

    list_display = ("plan", "code", "kind", "currency", "told", "timing", "meter")
    list_filter = ("kind", "currency", "timing")
    search_fields = ("public_id", "code", "plan__code")
    list_select_related = ("plan",)

    @admin.display(description="Model")
    def told(self, obj: Price) -> str:
        return " then ".join(phase.card.price.model for phase in obj.phased)

    def related(self, obj: Price) -> Neighbours:
        return [("plan", obj.plan)]


def _page(name: str, code: str) -> str:
    return reverse(f"admin:billing_plan_{name}", args=[code])
