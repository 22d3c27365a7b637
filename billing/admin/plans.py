"""The catalogue."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Plan
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import money


@operators.register(Plan)
class PlanAdmin(VerbAdmin[Plan]):
    """The catalogue: every version that was ever sold."""

    list_display = ("name", "code", "version", "state_badge", "amount", "isolation")
    list_filter = ("state", "isolation", "currency")
    search_fields = ("public_id", "code", "name")
    creator = actions.CreatePlan
    verbs = (actions.RetirePlan,)

    @admin.display(description="Price", ordering="price")
    def amount(self, obj: Plan) -> SafeString:
        return money(obj.price, obj.currency)

    def related(self, obj: Plan) -> Neighbours:
        return [("subscriptions", rows_of("subscription", f"plan__id__exact={obj.pk}"))]
