"""The shop's written policy: one guard per rule, and in which order they are asked.

Before any of them stand the schema of the input (reasons, lists and their bounds), the
rows that the caller may see, and its permission. ``docs/storefront.md`` has the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.errors import RuleBroken
from examples.storefront.cases import Case, case_of
from examples.storefront.models import Order
from examples.storefront.states import CancelReason, OrderState, PaymentKind, SameItem
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.workflows import Guard, Moment

ACCEPTED = {CancelReason.NO_LONGER_NEEDED, CancelReason.ORDERED_BY_MISTAKE}


def _rule(code: str, says: str) -> Callable[[Callable[[Case], bool]], Guard]:
    def make(holds: Callable[[Case], bool]) -> Guard:
        return Guard(code, says, lambda m: holds(case_of(m.target, m.data)))

    return make


@_rule("once_per_order", "the items of this order were modified before")
def modified_once(case: Case) -> bool:
    return case.order.state != OrderState.ITEMS_MODIFIED


@_rule("once_per_order", "an exchange for this order was asked for before")
def exchanged_once(case: Case) -> bool:
    return case.order.state != OrderState.EXCHANGE_REQUESTED


@_rule("order_is_pending", "only a pending order can be changed or cancelled")
def order_is_pending(case: Case) -> bool:
    return case.order.state == OrderState.PENDING


@_rule("order_is_delivered", "only what was delivered can be sent back")
def order_is_delivered(case: Case) -> bool:
    return case.order.state == OrderState.DELIVERED


@_rule("return_is_here", "only what came back is refunded")
def return_is_here(case: Case) -> bool:
    return case.order.state == OrderState.RETURNED


@_rule("reason_accepted", "this is no reason for which a customer can cancel")
def reason_accepted(case: Case) -> bool:
    return case.data.reason in ACCEPTED


@_rule("items_in_order", "the order has not so many of these items")
def items_in_order(case: Case) -> bool:
    return all(count <= case.pieces[item] for item, count in case.wanted.items())


@_rule("one_new_item_each", "each item needs one new item in the same place")
def one_new_item_each(case: Case) -> bool:
    return len(case.data.items) == len(case.data.new_items)


@_rule("same_product", "a new item is of the same product as the old one")
def same_product(case: Case) -> bool:
    if not case.new.keys() >= set(case.data.new_items):
        return False
    return all(line.product_id == new.product_id for line, new in case.pairs)


@_rule("item_available", "a new item is not available")
def item_available(case: Case) -> bool:
    counts = {new: case.data.new_items.count(new) for new in case.new}
    return all(
        new.product.active
        and new.can_be_had(counts[name])
        and new.currency == case.order.currency  # no price here, then
        for name, new in case.new.items()
    )


def _differs(case: Case, allowed: set[SameItem]) -> bool:
    if case.policy.same_item in allowed:
        return True
    return all(line.variant_id != new.pk for line, new in case.pairs)


@_rule("other_option", "a new item differs from the old one in some option")
def other_option(case: Case) -> bool:
    return _differs(case, {SameItem.ALWAYS})


@_rule("other_option", "a new item differs from the old one in some option")
def other_option_in_exchange(case: Case) -> bool:
    return _differs(case, {SameItem.ALWAYS, SameItem.EXCHANGES})


@_rule("own_payment_method", "the customer has no such payment method")
def own_payment_method(case: Case) -> bool:
    return case.method is not None


@_rule("single_payment", "the order was not paid by one payment alone")
def single_payment(case: Case) -> bool:
    return [row.kind for row in case.history] == [PaymentKind.PAYMENT]


@_rule("other_payment_method", "the order is paid by this method already")
def other_payment_method(case: Case) -> bool:
    return case.history[0].method_id != (case.method and case.method.pk)


@_rule("balance_covers_total", "the gift card does not hold the total")
def balance_covers_total(case: Case) -> bool:
    return _covers(case, case.history[0].amount_minor)


@_rule("balance_covers_difference", "the gift card does not hold the difference")
def balance_covers_difference(case: Case) -> bool:
    return _covers(case, case.difference_minor)


def _covers(case: Case, amount_minor: int) -> bool:
    method = case.method
    if method is None or not method.is_gift_card:
        return method is not None
    in_currency = method.currency == case.order.currency
    return in_currency and (method.balance_minor or 0) >= amount_minor


@_rule("original_or_gift_card", "a refund goes to what paid, or to a gift card")
def original_or_gift_card(case: Case) -> bool:
    if case.method is None or case.method.is_gift_card:
        return case.method is not None
    return bool(case.history) and case.history[0].method_id == case.method.pk


SWAP = (one_new_item_each, same_product, item_available)

CANCEL = (order_is_pending, reason_accepted)
ADDRESS = (order_is_pending,)
PAYMENT = (
    order_is_pending,
    own_payment_method,
    single_payment,
    other_payment_method,
    balance_covers_total,
)
ITEMS = (
    modified_once,
    order_is_pending,
    items_in_order,
    *SWAP,
    other_option,
    own_payment_method,
    balance_covers_difference,
)
RETURN = (
    order_is_delivered,
    items_in_order,
    own_payment_method,
    original_or_gift_card,
)
EXCHANGE = (
    exchanged_once,
    order_is_delivered,
    items_in_order,
    *SWAP,
    other_option_in_exchange,
    own_payment_method,
    balance_covers_difference,
)


def follow(guards: tuple[Guard, ...], order: Order, data: Any, actor: Actor) -> Case:
    """Hold an order's request against the rules. Raises RuleBroken with the first."""
    for guard in guards:
        if not guard.holds(Moment(order, order, data, actor)):
            raise RuleBroken(guard.says, rule=guard.rule)
    return case_of(order, data)
