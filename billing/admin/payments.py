"""Money that came, attempts that failed, stored methods, disputes, what was told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.incoming.actions import FollowIncoming
from billing.models import Dispute, IncomingEvent, Payment, PaymentMethod
from billing.states import IN_FLIGHT, DisputeState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money


@operators.register(Payment)
class PaymentAdmin(VerbAdmin[Payment]):
    """Money that came, and attempts that failed."""

    list_display = ("__str__", "tenant", "invoice", "state_badge", "sum", "settled_at")
    list_filter = ("state", "gateway", "hard", "code")
    search_fields = ("public_id", "reference", "tenant__public_id")
    list_select_related = ("tenant", "invoice")
    verbs = (actions.LookAtPayment, actions.WithdrawPayment, actions.RefundPayment)
    creator = actions.ImportStatement

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: Payment) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: Payment) -> Neighbours:
        return [
            ("invoice", obj.invoice),
            ("tenant", obj.tenant),
            ("method", obj.method),
            ("disputes", rows_of("dispute", f"payment__id__exact={obj.pk}")),
        ]


@operators.register(PaymentMethod)
class PaymentMethodAdmin(VerbAdmin[PaymentMethod]):
    """What customers are charged by; the numbers are with the gateways alone."""

    list_display = ("__str__", "customer", "gateway", "state_badge", "is_default")
    list_filter = ("state", "gateway", "kind")
    search_fields = ("public_id", "reference", "label", "customer__public_id")
    list_select_related = ("customer",)
    verbs = (actions.LookAtMethod, actions.MakeDefault, actions.RemoveMethod)

    def related(self, obj: PaymentMethod) -> Neighbours:
        payments = rows_of("payment", f"method__id__exact={obj.pk}")
        return [("customer", obj.customer), ("payments", payments)]


@operators.register(Dispute)
class DisputeAdmin(VerbAdmin[Dispute]):
    """Payments that the payer's bank takes back; they are answered at the gateway."""

    list_display = ("__str__", "payment", "why", "state_badge", "sum", "answer_by")
    list_filter = ("state", "why")
    search_fields = ("public_id", "reference", "payment__public_id")
    list_select_related = ("payment",)

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: Dispute) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: Dispute) -> Neighbours:
        return [("payment", obj.payment), ("invoice", obj.payment.invoice)]


@operators.register(IncomingEvent)
class IncomingEventAdmin(VerbAdmin[IncomingEvent]):
    """What gateways told; each is followed by fetching what it is about."""

    list_display = ("received_at", "gateway", "kind", "reference", "state_badge")
    list_filter = ("state", "gateway", "kind")
    search_fields = ("public_id", "event", "reference")
    verbs = (FollowIncoming,)


@waiting
def disputed(actor: Actor) -> Iterable[dict[str, Any]]:
    """Disputes that somebody has to answer in time."""
    rows = Dispute.objects.visible_to(actor).filter(state=DisputeState.OPEN)
    if count := rows.count():
        yield {
            "title": "Disputed payments: answer them at the gateway",
            "count": count,
            "url": rows_of("dispute", "state__exact=open"),
            "tone": "bad",
        }


@waiting
def undecided(actor: Actor) -> Iterable[dict[str, Any]]:
    """Payments whose outcome was looked for again and again."""
    rows = Payment.objects.visible_to(actor).filter(state__in=IN_FLIGHT, looks__gte=4)
    if count := rows.count():
        yield {
            "title": "Payments whose outcome is not known for a day",
            "count": count,
            "url": rows_of("payment", f"state__in={','.join(IN_FLIGHT)}"),
            "tone": "busy",
        }
