"""What follows from billing's events: mails, and the end of what is not paid for.

A subscription and its tenant end together, whichever ends first.
"""

from __future__ import annotations

from billing import keeping, mails
from billing.actions import CancelSubscription
from billing.events import (
    CreditNoteIssued,
    InvoiceOpened,
    InvoicePaid,
    SubscriptionEnded,
)
from billing.models import Subscription
from billing.states import SubscriptionState
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from tenants.events import TenantClosed, TenantClosing
from tenants.models import Tenant

ENDER = actors.system(
    "tenant closed", "billing.view_subscription", "billing.cancel_subscription"
)


@handles(SubscriptionEnded)
def close_tenant(event: SubscriptionEnded, delivery_id: str) -> None:
    """Close the tenant at once when nothing of it is to be kept; else ``keeping`` does.

    Not one that is being closed, or was subscribed anew.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    if not _running(event.tenant) and not keeping.has_something(tenant):
        keeping.close(tenant, event.subscription, key=delivery_id)


@handles(TenantClosing)
def end_with_tenant(event: TenantClosing, delivery_id: str) -> None:
    """Bill nothing more for a tenant that its owner closes."""
    _end(event.tenant, delivery_id)


@handles(TenantClosed)
def end_with_draft(event: TenantClosed, delivery_id: str) -> None:
    """Withdraw what a draft was subscribed to; a closed tenant has nothing left."""
    _end(event.tenant, delivery_id)


def _end(tenant: str, delivery_id: str) -> None:
    for subscription in _running(tenant):
        perform(
            CancelSubscription,
            subscription,
            {"when": "now"},
            actor=ENDER,
            key=delivery_id,
            reason="the tenant is closed",
        )


def _running(tenant: str) -> list[Subscription]:
    rows = Subscription.objects.filter(tenant__public_id=tenant)
    return list(rows.exclude(state=SubscriptionState.CANCELLED))


@handles(InvoiceOpened)
def mail_opened(event: InvoiceOpened, delivery_id: str) -> None:
    mails.about("opened", event.invoice, delivery_id)


@handles(CreditNoteIssued)
def mail_credited(event: CreditNoteIssued, delivery_id: str) -> None:
    mails.of_note(event.note, delivery_id)


@handles(InvoicePaid)
def mail_paid(event: InvoicePaid, delivery_id: str) -> None:
    mails.about("paid", event.invoice, delivery_id)
