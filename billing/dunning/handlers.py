"""What follows from payments that failed, and from a new method to pay with."""

from __future__ import annotations

from billing.actions.dunning import DUNNER, NoteFailedPayment, TryAnotherMethod
from billing.events import MethodAdded, PaymentFailed
from billing.models import PaymentMethod
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles


@handles(PaymentFailed)
def plan_retries(event: PaymentFailed, delivery_id: str) -> None:
    """Plan when it is tried again; the same failure said twice is planned once."""
    failed = {"invoice": event.invoice, "hard": event.hard}
    perform(NoteFailedPayment, event.customer, failed, actor=DUNNER, key=delivery_id)


@handles(MethodAdded)
def try_another_method(event: MethodAdded, delivery_id: str) -> None:
    """What was refused is tried at once with the method that was added."""
    method = PaymentMethod.objects.filter(public_id=event.method).first()
    if method is None or not method.is_default:
        return
    customer = method.customer.public_id
    perform(TryAnotherMethod, customer, actor=DUNNER, key=delivery_id)
