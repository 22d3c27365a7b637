"""What follows from the steps, and from payments that failed."""

from __future__ import annotations

from billing import mails
from billing.actions.dunning import DUNNER, NoteFailedPayment
from billing.dunning.foretelling import said_next
from billing.events import InvoiceOverdue, PaymentFailed
from billing.models import Customer
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles


@handles(PaymentFailed)
def plan_retries(event: PaymentFailed, delivery_id: str) -> None:
    """Plan when it is tried again; the same failure said twice is planned once."""
    failed = {"invoice": event.invoice, "hard": event.hard}
    perform(NoteFailedPayment, event.customer, failed, actor=DUNNER, key=delivery_id)


@handles(PaymentFailed)
def ask_for_another_method(event: PaymentFailed, delivery_id: str) -> None:
    """Write to the customer whose bank refused for good."""
    if event.hard:
        mails.about("another_method", event.invoice, delivery_id)


@handles(InvoiceOverdue)
def mail_overdue(event: InvoiceOverdue, delivery_id: str) -> None:
    """Say which step was taken, and what comes next and when."""
    customer = Customer.objects.get(public_id=event.customer)
    words, at = said_next(customer)
    step = {"step": event.step, "next": words, "next_at": at}
    mails.about("overdue", event.invoice, delivery_id, **step)
