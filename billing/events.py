"""What happened in billing. ``tenant`` orders the deliveries; all fields are ids."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from paybill_site.kernel.events import Event


class SubscriptionEvent(Event):
    """Something happened to a subscription: each move of its state is one of these.

    Which move is which event stands in ``billing.transitions``. ``version`` is that
    of the entitlement that was written with it, 0 where none was: who follows late
    sees by it that more has happened since.
    """

    tenant: str
    subscription: str
    plan: str
    version: int = 0


class SubscriptionOffered(SubscriptionEvent):
    """The day of a scheduled subscription came, and it waits for its first payment."""


class SubscriptionWithdrawn(SubscriptionEvent):
    """A subscription that was never in force is over: there was nothing to end."""


class SubscriptionActivated(SubscriptionEvent):
    """A subscription came into force for the first time: the tenant may exist."""


class TrialEnded(SubscriptionEvent):
    """A trial went over into the paid subscription."""


class PlanChanged(SubscriptionEvent):
    """A subscription has another plan, other quantities or add-ons from now on."""


class SubscriptionPastDue(SubscriptionEvent):
    """Something is unpaid beyond its day: a banner says so, nothing is closed."""


class SubscriptionInGrace(SubscriptionEvent):
    """The last days before access is closed; everything is open still."""


class AccessChanged(SubscriptionEvent):
    """Access closes, or opens again; which of it says the event itself."""


class SubscriptionSuspended(AccessChanged):
    """Unpaid for too long: access closes, data and infrastructure stay."""


class SubscriptionRestored(AccessChanged):
    """What was owed is paid: everything is open again."""


class SubscriptionPaused(AccessChanged):
    """The customer pauses: nothing is billed, access closes, data stays."""


class SubscriptionResumed(AccessChanged):
    """A pause is over: everything is open again."""


class SubscriptionEnded(AccessChanged):
    """A subscription that had been in force is over; nothing is owed to the tenant."""


class SubscriptionReactivated(AccessChanged):
    """A subscription that was over goes on, with what was kept of its tenant."""


class InvoiceEvent(Event):
    """Something happened to an invoice; of several tenants' it names none."""

    customer: str
    tenant: str = ""
    invoice: str

    @property
    def stream(self) -> str:
        return self.tenant or self.customer


class InvoiceOpened(InvoiceEvent):
    """An invoice was finalised and waits for payment."""


class InvoicePaid(InvoiceEvent):
    """An invoice is paid in full."""


class InvoiceVoided(InvoiceEvent):
    """An invoice was taken back: nothing is owed for it."""


class CreditNoteIssued(InvoiceEvent):
    """A part of an invoice was taken back."""

    note: str


class InvoiceOverdue(InvoiceEvent):
    """An invoice was not paid in time: a step of the dunning was taken for it."""

    step: str


class MethodEvent(Event):
    """Something is to be done, or was done, about a stored payment method."""

    method: str


class MethodWanted(MethodEvent):
    """A customer wants to set a method up: its gateway says where."""


class MethodReturned(MethodEvent):
    """The customer came back from the gateway: look what became of the set-up."""


class MethodAdded(MethodEvent):
    """A method can be charged from now on."""


class MethodRemoved(MethodEvent):
    """A method is to be charged no longer; its gateway forgets it."""


class PaymentEvent(Event):
    """Something is to be done, or was done, about a payment."""

    payment: str
    invoice: str


class PaymentCreated(PaymentEvent):
    """A payment is written down: its gateway is asked for the money."""


class PaymentReturned(PaymentEvent):
    """The customer came back from the bank's page: look how the payment stands."""


class PaymentWithdrawn(PaymentEvent):
    """Nobody wants this payment any more: its gateway takes it back."""


class PaymentFact(PaymentEvent):
    """How a payment went; those of a tenant come in order."""

    customer: str
    tenant: str = ""

    @property
    def stream(self) -> str:
        return self.tenant or self.customer


class PaymentSucceeded(PaymentFact):
    """Money came in."""


class PaymentNeedsConfirmation(PaymentFact):
    """The customer's bank asks the customer, who has to answer it."""


class PaymentFailed(PaymentFact):
    """An attempt failed; ``hard``: the same method will never do."""

    number: int
    code: str
    hard: bool


class RefundAsked(Event):
    """A refund is written down: its gateway is asked to give the money back."""

    refund: str


class IncomingStored(Event):
    """A gateway told something: what it is about is looked at."""

    incoming: str


class DisputeChanged(Event):
    """A payer's bank disputes a payment, or has decided about it."""

    dispute: str
    payment: str
    state: str


class UsageLimitNear(Event):
    """A tenant used so many percent of what its plan allows in a month."""

    tenant: str
    meter: str
    percent: int
    used: Decimal
    limit: Decimal
    resets_at: datetime
