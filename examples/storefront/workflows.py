"""The shop's written policy as workflows: what an agent does for a customer.

Most are one step under its rules (``rules``, in the order in which they are asked), and
a run that nobody goes on with is over after an hour. A return is longer: a person has
to receive what comes back. An agent calls none of these actions but as the step of a
run that it started.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import timedelta
from typing import ClassVar

from django.db.models import Sum

from examples.storefront import actions, rules
from examples.storefront.actions import returned
from examples.storefront.models import Customer, Order
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.workflows import By, Guard, Moment, Step, Workflow

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


class ItemExchange(Workflow):
    """Exchange items of a delivered order, once."""

    model, states, within = Order, STATES, HOUR
    steps = _only(actions.ExchangeOrderItems, rules.EXCHANGE)


class Move(Workflow):
    """Change the default address of a customer."""

    model, states, within = Customer, STATES, HOUR
    steps = _only(actions.ModifyCustomerAddress)


def _is_dear(order: Order, amount_minor: int) -> str:
    """Why a person has to agree. What went back before counts: no salami slices."""
    before = order.refunds.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    if before + amount_minor <= UNASKED:
        return ""
    return f"more than {UNASKED} {order.currency} minor units of the order go back"


def _refund_is_dear(moment: Moment) -> str:
    return _is_dear(moment.subject, moment.data.amount_minor)


def _return_is_dear(moment: Moment) -> str:
    return _is_dear(moment.subject, returned.worth(moment.subject))


class ItemReturn(Workflow):
    """Take items of a delivered order back: they come back, then they are refunded.

    A person receives the items and agrees to what is dear. What is not here after
    fourteen days, or not refunded after thirty, is as if it had not been asked for:
    items that are here go back to the customer, then the return is withdrawn.
    """

    model, within = Order, timedelta(days=30)
    states: ClassVar[Mapping[str, Set[str]]] = {
        "asked": {"announced"},
        "announced": {"received"},
        "received": {"done"},
        "done": set(),
    }
    steps = (
        Step(
            "return_order_items",
            actions.ReturnOrderItems,
            at=("asked",),
            to="announced",
            guards=rules.RETURN,
            within=timedelta(days=14),
            undo=actions.WithdrawReturn,
        ),
        Step(
            "receive_return",
            actions.ReceiveReturn,
            at=("announced",),
            to="received",
            by=frozenset({By.PERSON}),
            undo=actions.SendReturnBack,
        ),
        Step(
            "refund_return",
            actions.RefundReturn,
            at=("received",),
            to="done",
            guards=(rules.return_is_here,),
            approval=_return_is_dear,
        ),
    )


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
            approval=_refund_is_dear,
        ),
    )
