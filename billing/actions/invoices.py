"""Verbs of operators on invoices: take one back."""

from __future__ import annotations

from billing import invoicing, lifecycle
from billing.models import Invoice, Subscription
from billing.states import InvoiceKind, InvoiceState, SubscriptionState
from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor


class VoidInvoice(Action[Invoice, NoInput, Invoice]):
    """Take back an invoice that nothing was paid for; nothing is owed for it then.

    Taking back a first invoice withdraws the subscription that waits for it.
    """

    model = Invoice
    permission = "billing.void_invoice"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        invoicing.void(target, reason=f"by {actor.label or actor.id}")
        subscription = Subscription.objects.select_for_update(
            of=("self",), no_key=True
        ).get(pk=target.subscription_id)
        waits = subscription.state == SubscriptionState.INCOMPLETE
        if waits and target.kind == InvoiceKind.START:
            lifecycle.end(subscription, reason=f"{target.number} was taken back")
        else:
            lifecycle.settle_up(subscription)
        return target
