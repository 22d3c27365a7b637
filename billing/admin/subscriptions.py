"""Who takes what."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Subscription
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import when


@operators.register(Subscription)
class SubscriptionAdmin(VerbAdmin[Subscription]):
    """Who takes what, until when, and what the biller does next."""

    list_display = ("tenant", "plan", "state_badge", "until", "next", "public_id")
    list_filter = ("state", "plan__code", "cancel_at_period_end")
    search_fields = ("public_id", "tenant__public_id", "tenant__name")
    list_select_related = ("tenant", "plan")
    verbs = (
        actions.ChangePlan,
        actions.ChangeQuantity,
        actions.SetAddon,
        actions.ExtendTrial,
        actions.PauseSubscription,
        actions.ResumeSubscription,
        actions.CancelSubscription,
        actions.UndoCancel,
        actions.ReactivateSubscription,
        actions.SetOverrides,
    )

    @admin.display(description="Period ends", ordering="period_end")
    def until(self, obj: Subscription) -> SafeString:
        return when(obj.period_end)

    @admin.display(description="Next work", ordering="next_at")
    def next(self, obj: Subscription) -> SafeString:
        return when(obj.next_at)

    def related(self, obj: Subscription) -> Neighbours:
        return [
            ("tenant", obj.tenant),
            ("plan", obj.plan),
            ("invoices", rows_of("invoice", f"subscription__id__exact={obj.pk}")),
        ]
