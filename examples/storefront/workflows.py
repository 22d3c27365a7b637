"""The shop's written policy as workflows: what an agent does for a customer.

Each is one step under its rules (``rules``, in the order in which they are asked). An
agent calls none of these actions but as the step of a run that it started; a run that
nobody goes on with is over after an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import timedelta

from django.db.models import Sum

from examples.storefront import actions, rules
from examples.storefront.models import Customer, Order
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.workflows import Guard, Moment, Step, Workflow

STATES: Mapping[str, Set[str]] = {"asked": {"done"}, "done": set()}
HOUR = timedelta(hours=1)
# What of one order may go back before a person has to agree, in its minor units.
UNASKED = 5_000


def _only(action: AnyAction, guards: tuple[Guard, ...] = ()) -> tuple[Step, ...]:
    """The single step of a workflow, which is over with it."""
    name = action.name.rpartition(".")[2]
    return (Step(name, action, at=("asked",), to="done", guards=guards),)


class Cancellation(Workflow):
    """Cancel a pending order for its customer."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.CancelPendingOrder, rules.CANCEL)


class AddressChange(Workflow):
    """Send a pending order to another address."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ModifyOrderAddress, rules.ADDRESS)


class PaymentChange(Workflow):
    """Let another of the customer's methods pay for a pending order."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ModifyOrderPayment, rules.PAYMENT)


class ItemChange(Workflow):
    """Change items of a pending order, once."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ModifyOrderItems, rules.ITEMS)


class ItemReturn(Workflow):
    """Take items of a delivered order back."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ReturnOrderItems, rules.RETURN)


class ItemExchange(Workflow):
    """Exchange items of a delivered order, once."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ExchangeOrderItems, rules.EXCHANGE)


class Move(Workflow):
    """Change the default address of a customer."""

    model, states, within = Customer, STATES, HOUR
    steps = _only(actions.ModifyCustomerAddress)


def _is_dear(moment: Moment) -> str:
    """Why a person has to agree. What went back before counts: no salami slices."""
    order = moment.subject
    before = order.refunds.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    if before + moment.data.amount_minor <= UNASKED:
        return ""
    return f"more than {UNASKED} {order.currency} minor units of the order go back"


class RefundRequest(Workflow):
    """Pay back a part of a delivered order; a person agrees to what is dear.

    The run waits as long as people need to decide, at most two days in all.
    """

    model, states, within = Order, STATES, timedelta(days=2)
    guards = (rules.order_is_delivered,)
    steps = (
        Step(
            "refund_order",
            actions.RefundOrder,
            at=("asked",),
            to="done",
            guards=(rules.order_is_delivered,),
            approval=_is_dear,
        ),
    )
