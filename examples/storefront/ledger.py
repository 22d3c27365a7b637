"""What is paid and what goes back, by one row of history each; gift cards at once.

Each row is told to the act that writes it, so limits of amounts count all of them.
Whoever calls holds the order's row, and with it the customer's: two calls about one
customer's money queue up. A balance is still taken by a conditional UPDATE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import F

from examples.storefront import errors
from examples.storefront.models import Order, OrderPayment, PaymentMethod, ShopPolicy
from examples.storefront.states import Books, MethodKind, PaymentKind
from paybill_site.kernel import acts

type Row = tuple[PaymentMethod | None, int]


def charge(order: Order, method: PaymentMethod | None, amount_minor: int) -> None:
    """The customer pays. Raises BalanceTooLow."""
    if method is not None and method.is_gift_card:
        enough = PaymentMethod.objects.filter(
            pk=method.pk, currency=order.currency, balance_minor__gte=amount_minor
        )
        if enough.update(balance_minor=F("balance_minor") - amount_minor) != 1:
            raise errors.BalanceTooLow(rule="balance_covers_total")
    _note(order, PaymentKind.PAYMENT, method, amount_minor)


def give_back(order: Order, method: PaymentMethod | None, amount_minor: int) -> None:
    """The customer gets money back; onto a gift card at once."""
    if method is not None and method.is_gift_card:
        card = PaymentMethod.objects.filter(pk=method.pk, kind=MethodKind.GIFT_CARD)
        card.update(balance_minor=F("balance_minor") + amount_minor)
    _note(order, PaymentKind.REFUND, method, amount_minor)


def settle(order: Order, method: PaymentMethod, difference_minor: int) -> None:
    """The difference of a change: paid above zero, else given back."""
    if difference_minor > 0:
        charge(order, method, difference_minor)
    else:
        give_back(order, method, -difference_minor)


def give_all_back(order: Order) -> None:
    """Everything that was paid for the order goes back the way it came."""
    for method, amount_minor in _to_give_back(order, ShopPolicy.here().books):
        give_back(order, method, amount_minor)


def give_some_back(order: Order, amount_minor: int) -> None:
    """A part goes back the way it came: what paid first gets its money first.

    Raises RefundTooHigh when so much is not left of what was paid.
    """
    at_most = left(order)
    if amount_minor > at_most:
        raise errors.RefundTooHigh(f"at most {at_most} {order.currency} minor units")
    for method, paid in _left(order):
        part = min(paid, amount_minor)
        if part:
            give_back(order, method, part)
        amount_minor -= part


def left(order: Order) -> int:
    """What was paid for the order and did not go back, in minor units."""
    return sum(amount for _, amount in _left(order))


def _to_give_back(order: Order, books: str) -> Iterable[Row]:
    if books == Books.PUBLISHED:  # every row of the history, whichever way it went
        return [(row.method, row.amount_minor) for row in _history(order)]
    return _left(order)


def _left(order: Order) -> list[Row]:
    """What each method paid and did not get back, in the order of its first row."""
    rest: Counter[PaymentMethod | None] = Counter()
    for row in _history(order):
        sign = 1 if row.kind == PaymentKind.PAYMENT else -1
        rest[row.method] += sign * row.amount_minor
    return [(method, amount) for method, amount in rest.items() if amount > 0]


def _history(order: Order) -> list[OrderPayment]:
    return list(order.payments.select_related("method").order_by("pk"))


def _note(
    order: Order, kind: PaymentKind, method: PaymentMethod | None, amount_minor: int
) -> None:
    OrderPayment.objects.create(
        order=order, kind=kind, method=method, amount_minor=amount_minor
    )
    acts.spend(amount_minor, order.currency)
