"""What a paid invoice does to the subscriptions it is for, by its kind."""

from __future__ import annotations

from billing import changes, lifecycle
from billing.dunning import advancing
from billing.models import Invoice, Subscription
from billing.settlement import takes_effect
from billing.states import InvoiceKind, SubscriptionState


@takes_effect(InvoiceKind.START)
def start(subscription: Subscription, invoice: Invoice) -> None:
    if subscription.state == SubscriptionState.INCOMPLETE:
        lifecycle.activate(subscription, reason=f"{invoice.number} is paid")


@takes_effect(InvoiceKind.RENEWAL)
def restore(subscription: Subscription, invoice: Invoice) -> None:
    lifecycle.settle_up(subscription)
    advancing.close_if_settled(subscription.customer)


@takes_effect(InvoiceKind.CHANGE)
def change(subscription: Subscription, invoice: Invoice) -> None:
    if subscription.state != SubscriptionState.CANCELLED:
        changes.accept(subscription)
