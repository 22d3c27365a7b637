"""Items that take the place of others, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from examples.storefront import shelves
from examples.storefront.models import Order, OrderItem, Variant
from examples.storefront.states import Books

type Pair = tuple[Variant, Variant]


def swap(order: Order, pairs: Sequence[Pair], books: str) -> None:
    """Put each new variant where one piece of the old one was. Raises OutOfStock.

    A line of several pieces is split. Under the published books all changed lines get
    price and options of the last new variant, and a piece that was just swapped may
    be swapped again, as the benchmark's tools do it.
    """
    shelves.take(Counter(new for _, new in pairs))
    shelves.put_back(Counter(old for old, _ in pairs))
    lines = list(order.items.order_by("pk"))
    fresh: set[int] = set()
    published = books == Books.PUBLISHED
    for old, new in pairs:
        line = next(
            line
            for line in lines
            if line.variant_id == old.pk and (published or line.pk not in fresh)
        )
        fresh.add(_replace(line, new, pairs[-1][1] if published else new))


def _replace(line: OrderItem, new: Variant, priced: Variant) -> int:
    """Put one piece of ``new`` in the line's place; the pk of the line it is in."""
    if line.quantity > 1:
        line.quantity -= 1
        line.save(update_fields=["quantity"])
        line = OrderItem(order=line.order, product=line.product, quantity=1)
    line.variant = new
    line.name = str(new)
    line.price_minor, line.options = priced.price_minor, priced.options
    line.save()
    return line.pk
