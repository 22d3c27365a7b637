"""Money that goes back by the way it came: written down, asked for, recorded.

As with payments the row is there before the gateway is asked, its public id is the
key, and what the gateway says is recorded from wherever it comes. What is on its way
back is counted on the payment at once, so two refunds never give back more than came.
"""

from __future__ import annotations

from django.db.models import Sum

from billing import clock, gateways, ledger, machines
from billing.errors import CanNotSendBack, TooMuchToRefund
from billing.events import RefundAsked
from billing.gateways.contract import Returned
from billing.ledger import books
from billing.models import CreditNote, Payment, Refund
from billing.rating import money, retries
from billing.rating.conventions import NotPayable as NotCountable
from billing.states import DisputeState, PaymentState, RefundState
from paybill_site.kernel import events
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.models import Transition, reference


def refundable(payment: Payment) -> int:
    """Minor units of a payment that can still go back."""
    if payment.state != PaymentState.SUCCEEDED:
        return 0
    # What the payer's bank takes back, or may yet, does not go back a second time.
    disputed = payment.disputes.exclude(state=DisputeState.WON)
    taken = disputed.aggregate(sum=Sum("amount"))["sum"] or 0
    return max(0, payment.amount - payment.refunded - taken)


def ask(
    payment: Payment, amount: int, *, reason: str, note: CreditNote | None = None
) -> Refund:
    """Give back so much of a payment; its row is locked here. Only inside an action.

    A transfer waits for an operator, who sends it and says so; a gateway is asked
    after the commit. ``note`` is the credit note it belongs to; without one the caller
    has taken the amount from the balance. Raises TooMuchToRefund, CanNotSendBack.
    """
    held = Payment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=payment.pk
    )
    if amount > refundable(held):
        left = money.text(refundable(held), held.currency)
        raise TooMuchToRefund(f"{left} of {held} can still go back")
    _check_sendable(held, amount)
    held.refunded += amount
    held.save(update_fields=["refunded"])
    payment.refunded = held.refunded
    refund = Refund.objects.create(
        customer=held.customer,
        payment=held,
        note=note,
        amount=amount,
        currency=held.currency,
        reason=reason[:200],
    )
    _send(refund)
    return refund


def _check_sendable(payment: Payment, amount: int) -> None:
    """Raise CanNotSendBack for what a gateway could only send rounded."""
    try:
        gateways.named(payment.gateway).convention.sent(amount, payment.currency)
    except NotCountable as error:
        raise CanNotSendBack(str(error)) from error
    except NotFound:  # by hand, then
        return


def key_of(refund: Refund) -> str:
    """The key it is asked for with: tried again after a failure, another question."""
    again = Transition.objects.filter(target=reference(refund), new=RefundState.PENDING)
    tried = again.count()
    return f"{refund.public_id}-{tried}" if tried else refund.public_id


def refund_of(key: str) -> str:
    """The public id of the refund that was asked for with a key."""
    return key.partition("-")[0]


def by_hand(refund: Refund) -> bool:
    """Whether a person has to send the money."""
    try:
        return gateways.named(refund.payment.gateway).by_hand
    except NotFound:
        return True


def _send(refund: Refund) -> None:
    if not by_hand(refund):
        refund.look_at = retries.next_look(clock.now(), 0)
        refund.save(update_fields=["look_at"])
        events.emit(RefundAsked(refund=refund.public_id))


def record(refund: Refund, returned: Returned) -> None:
    """Bring a locked refund to where its gateway says it is; never back."""
    if returned.reference and not refund.reference:
        refund.reference = returned.reference
    refund.failure = returned.failure
    new = _state(returned)
    over = new != RefundState.PENDING
    refund.looks += 1
    refund.look_at = None if over else retries.next_look(clock.now(), refund.looks)
    refund.save(update_fields=["reference", "failure", "looks", "look_at"])
    if new == refund.state or not machines.refunds.allows(refund.state, new):
        return
    if over:
        refund.settled_at = clock.now()
        refund.save(update_fields=["settled_at"])
    arrived = refund.state == RefundState.SUCCEEDED
    machines.refunds.move(refund, new, reason=returned.failure or "says the gateway")
    if new == RefundState.SUCCEEDED:
        ledger.post(books.refund_arrived(refund))
    elif arrived:
        ledger.post(books.refund_came_back(refund))
    if new == RefundState.FAILED:
        _uncount(refund)


def _state(returned: Returned) -> RefundState:
    if returned.failed:
        return RefundState.FAILED
    return RefundState.SUCCEEDED if returned.done else RefundState.PENDING


def _uncount(refund: Refund) -> None:
    """What did not go back can go back once more."""
    held = Payment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=refund.payment_id
    )
    held.refunded -= refund.amount
    held.save(update_fields=["refunded"])


def again(refund: Refund) -> None:
    """Ask once more for a locked refund that failed. Raises TooMuchToRefund."""
    machines.refunds.check(refund.state, RefundState.PENDING)
    held = Payment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=refund.payment_id
    )
    if refund.amount > refundable(held):
        raise TooMuchToRefund
    held.refunded += refund.amount
    held.save(update_fields=["refunded"])
    refund.reference, refund.settled_at = "", None
    refund.save(update_fields=["reference", "settled_at"])
    machines.refunds.move(refund, RefundState.PENDING, reason="tried again")
    _send(refund)
