"""One request about an order, with the rows that the shop's rules ask about.

The rows are read once, when a rule first asks: the rules of a step are asked in a
workflow's gate and again by the action itself, for people come without a workflow.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from examples.storefront.models import (
    Order,
    OrderItem,
    OrderPayment,
    PaymentMethod,
    ShopPolicy,
    Variant,
)


class Case:
    """What is asked for an order (``data``), beside what the database knows."""

    def __init__(self, order: Order, data: Any) -> None:
        self.order, self.data = order, data

    @cached_property
    def policy(self) -> ShopPolicy:
        return ShopPolicy.here()

    @cached_property
    def lines(self) -> list[OrderItem]:
        return list(self.order.items.select_related("variant").order_by("pk"))

    @cached_property
    def pieces(self) -> Counter[str]:
        """How many of each variant were ordered, by the variant's public id."""
        counted: Counter[str] = Counter()
        for line in self.lines:
            counted[line.variant.public_id] += line.quantity
        return counted

    @cached_property
    def wanted(self) -> Counter[str]:
        return Counter(self.data.items)

    @cached_property
    def old(self) -> dict[str, OrderItem]:
        """A line of each variant that was ordered: its price was the same."""
        return {line.variant.public_id: line for line in reversed(self.lines)}

    @cached_property
    def new(self) -> dict[str, Variant]:
        found = Variant.objects.filter(public_id__in=set(self.data.new_items))
        return {row.public_id: row for row in found.select_related("product")}

    @cached_property
    def pairs(self) -> list[tuple[OrderItem, Variant]]:
        """Each line beside what is to take its place. Raises KeyError."""
        asked = zip(self.data.items, self.data.new_items, strict=True)
        return [(self.old[old], self.new[new]) for old, new in asked]

    @cached_property
    def difference_minor(self) -> int:
        """What the new items cost more than the old ones did."""
        return sum(new.price_minor - line.price_minor for line, new in self.pairs)

    @cached_property
    def method(self) -> PaymentMethod | None:
        """The payment method that was named, if it is the customer's own."""
        own = PaymentMethod.objects.filter(customer=self.order.customer_id)
        return own.filter(public_id=self.data.payment_method).first()

    @cached_property
    def history(self) -> list[OrderPayment]:
        return list(self.order.payments.select_related("method").order_by("pk"))


def case_of(order: Order, data: Any) -> Case:
    """The case of this row and input: the same one as long as both are the same."""
    known: Case | None = order.__dict__.get("_case")
    if known is None or known.data is not data:
        known = order.__dict__["_case"] = Case(order, data)
    return known
