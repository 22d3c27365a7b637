"""Following what gateways told: the object is fetched as it is now, and recorded.

So notices may come in any order and any number of times, late ones of older states and
those of another version of the API among them: none of them is believed.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from billing import gateways, refunding
from billing.actions.methods import RecordMethod
from billing.actions.payments import GATEWAYS, RecordPayment
from billing.actions.refunds import RecordRefund
from billing.events import IncomingStored
from billing.gateways import Gateway
from billing.gateways.contract import Subject
from billing.incoming.actions import LISTENER, NoteIncoming, RecordDispute
from billing.models import IncomingEvent, Payment, PaymentMethod, Refund
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.events import handles


@handles(IncomingStored)
def follow(event: IncomingStored, delivery_id: str) -> None:
    """Fetch what it is about, record how that stands, and note that it is done."""
    told = IncomingEvent.objects.get(public_id=event.incoming)
    gateway = gateways.named(told.gateway)
    look = FOLLOW.get(Subject(told.subject))
    try:
        ours = look is not None and look(gateway, told.reference)
    except NotFound:  # of another installation with the same account, or gone
        ours = False
    perform(NoteIncoming, told, {"ours": ours}, actor=LISTENER)


def payment(gateway: Gateway, reference: str) -> bool:
    charged = gateway.look_up_payment(reference)
    row = _payment(gateway, charged.reference, charged.key)
    if row is not None:
        perform(RecordPayment, row, charged, actor=GATEWAYS)
    return row is not None


def _payment(gateway: Gateway, reference: str, key: str = "") -> Payment | None:
    """Ours by the gateway's name for it, or by our own where that is not known yet."""
    known = Q(reference=reference)
    if key:
        known |= Q(public_id=key, reference="")
    return Payment.objects.filter(known, gateway=gateway.name).first()


def set_up(gateway: Gateway, reference: str) -> bool:
    kept = gateway.look_at_setup(reference)
    rows = PaymentMethod.objects.filter(gateway=gateway.name)
    row = rows.filter(Q(setup=reference) | Q(public_id=kept.key, setup="")).first()
    if row is not None:
        perform(RecordMethod, row, kept, actor=GATEWAYS)
    return row is not None


def method(gateway: Gateway, reference: str) -> bool:
    rows = PaymentMethod.objects.filter(gateway=gateway.name, reference=reference)
    row = rows.first()
    if row is not None:
        kept = gateway.look_at_method(reference)
        perform(RecordMethod, row, kept, actor=GATEWAYS)
    return row is not None


def refund(gateway: Gateway, reference: str) -> bool:
    returned = gateway.look_at_refund(reference)
    known = Q(reference=reference)
    if key := refunding.refund_of(returned.key):
        known |= Q(public_id=key, reference="")
    row = Refund.objects.filter(known, payment__gateway=gateway.name).first()
    if row is not None:
        perform(RecordRefund, row, returned, actor=GATEWAYS)
    return row is not None


def dispute(gateway: Gateway, reference: str) -> bool:
    disputed = gateway.look_at_dispute(reference)
    row = _payment(gateway, disputed.payment)
    if row is not None:
        perform(RecordDispute, row, disputed, actor=LISTENER)
    return row is not None


FOLLOW: dict[Subject, Callable[[Gateway, str], bool]] = {
    Subject.PAYMENT: payment,
    Subject.REFUND: refund,
    Subject.SETUP: set_up,
    Subject.METHOD: method,
    Subject.DISPUTE: dispute,
}
