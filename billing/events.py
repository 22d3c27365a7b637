"""What happened in billing. ``tenant`` orders the deliveries; all fields are ids."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class SubscriptionEvent(Event):
    """Something happened to a subscription."""

    tenant: str
    subscription: str
    plan: str


class SubscriptionActivated(SubscriptionEvent):
    """A subscription came into force for the first time: the tenant may exist."""


class PlanChanged(SubscriptionEvent):
    """A subscription has another plan from now on."""


class SubscriptionSuspended(SubscriptionEvent):
    """Unpaid for too long: access closes, data and infrastructure stay."""


class SubscriptionRestored(SubscriptionEvent):
    """What was owed is paid: everything is open again."""


class SubscriptionEnded(SubscriptionEvent):
    """A subscription that had been in force is over; nothing is owed to the tenant."""


class InvoiceEvent(Event):
    """Something happened to an invoice."""

    tenant: str
    invoice: str


class InvoiceOpened(InvoiceEvent):
    """An invoice was finalised and waits for payment."""


class InvoicePaid(InvoiceEvent):
    """An invoice is paid in full."""


class InvoiceOverdue(InvoiceEvent):
    """An invoice was not paid in time: a step of the dunning was taken for it."""

    step: str
