"""Money on its way back; what goes by bank transfer waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions, refunding
from billing.admin.rows import Neighbours, rows_of
from billing.models import Refund
from billing.states import RefundState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money


@operators.register(Refund)
class RefundAdmin(VerbAdmin[Refund]):
    """What goes back to customers, and how far it got."""

    list_display = ("public_id", "customer", "payment", "state_badge", "sum", "reason")
    list_filter = ("state", "payment__gateway", "currency")
    search_fields = ("public_id", "reference", "customer__public_id")
    list_select_related = ("customer__account", "payment")
    verbs = (actions.MarkRefundSent, actions.RetryRefund)

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: Refund) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: Refund) -> Neighbours:
        return [
            ("customer", obj.customer),
            ("payment", obj.payment),
            ("credit note", obj.note),
            ("ledger", rows_of("ledgerentry", f"refund__id__exact={obj.pk}")),
        ]


@waiting
def to_send(actor: Actor) -> Iterable[dict[str, Any]]:
    """Refunds by bank transfer: nobody sends them but a person."""
    rows = Refund.objects.visible_to(actor).filter(state=RefundState.PENDING)
    waits = [row for row in rows.select_related("payment") if refunding.by_hand(row)]
    if waits:
        yield {
            "title": "Refunds: send them by bank transfer",
            "count": len(waits),
            "url": rows_of("refund", "state__exact=pending"),
            "tone": "busy",
        }


@waiting
def failed(actor: Actor) -> Iterable[dict[str, Any]]:
    """Refunds that came back: the customer still waits for the money."""
    rows = Refund.objects.visible_to(actor).filter(state=RefundState.FAILED)
    if count := rows.count():
        yield {
            "title": "Refunds failed: try them again",
            "count": count,
            "url": rows_of("refund", "state__exact=failed"),
            "tone": "bad",
        }
