"""What follows from billing's events: mails, and the end of what is not paid for.

A subscription and its tenant end together, whichever ends first.
"""

from __future__ import annotations

from billing import mails
from billing.actions import CancelSubscription
from billing.events import (
    InvoiceOpened,
    InvoiceOverdue,
    InvoicePaid,
    SubscriptionEnded,
)
from billing.models import Subscription
from billing.states import SubscriptionState
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from tenants.actions import CloseTenant
from tenants.events import TenantClosed, TenantClosing
from tenants.models import Tenant
from tenants.states import TenantState

CLOSER = actors.system(
    "subscription ended", "tenants.view_tenant", "tenants.close_tenant"
)
ENDER = actors.system(
    "tenant closed", "billing.view_subscription", "billing.cancel_subscription"
)
CLOSED = {TenantState.CLOSING, TenantState.CLOSED}


@handles(SubscriptionEnded)
def close_tenant(event: SubscriptionEnded, delivery_id: str) -> None:
    """Close the tenant, unless it is being closed or was subscribed anew."""
    tenant = Tenant.objects.get(public_id=event.tenant)
    if tenant.state not in CLOSED and not _running(event.tenant):
        reason = f"{event.subscription} has ended"
        perform(CloseTenant, tenant, actor=CLOSER, key=delivery_id, reason=reason)


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


@handles(InvoicePaid)
def mail_paid(event: InvoicePaid, delivery_id: str) -> None:
    mails.about("paid", event.invoice, delivery_id)


@handles(InvoiceOverdue)
def mail_overdue(event: InvoiceOverdue, delivery_id: str) -> None:
    mails.about("overdue", event.invoice, delivery_id, step=event.step)
