"""What follows when something has happened in a shop."""

from __future__ import annotations

from django.core.mail import EmailMessage

from examples.storefront.events import (
    ExchangeRequested,
    OrderCancelled,
    ReturnReceived,
    ReturnRequested,
    ReturnWithdrawn,
)
from examples.storefront.models import Order
from examples.storefront.states import CancelReason
from paybill_site.kernel.events import handles


@handles(OrderCancelled, in_tenants=True)
def tell_customer(event: OrderCancelled, delivery_id: str) -> None:
    """Tell the customer by mail that the order was cancelled."""
    reason = CancelReason(event.reason).label.lower()
    _write(
        event.order,
        "was cancelled",
        f"your order was cancelled ({reason}).\n"
        "Nothing will be delivered, nothing is owed. What a gift card paid is on it\n"
        "again; other refunds take five to seven business days.\n",
        delivery_id,
    )


@handles(ReturnRequested, in_tenants=True)
def tell_how_to_return(event: ReturnRequested, delivery_id: str) -> None:
    """Tell the customer how items come back."""
    order = Order.objects.get(public_id=event.order)
    _write(event.order, "can be returned", _list(order.return_items), delivery_id)


@handles(ReturnReceived, in_tenants=True)
def tell_of_arrival(event: ReturnReceived, delivery_id: str) -> None:
    """Tell the customer that the items are here."""
    says = (
        "what you sent back is here. You hear from us when your money is on its way.\n"
    )
    _write(event.order, "has come back", says, delivery_id)


@handles(ReturnWithdrawn, in_tenants=True)
def tell_of_withdrawal(event: ReturnWithdrawn, delivery_id: str) -> None:
    """Tell the customer that nothing is returned any more."""
    says = "your return was withdrawn: you keep the items, and nothing is refunded.\n"
    _write(event.order, "is not returned", says, delivery_id)


@handles(ExchangeRequested, in_tenants=True)
def tell_how_to_exchange(event: ExchangeRequested, delivery_id: str) -> None:
    """Tell the customer how items are exchanged; no new order is needed."""
    order = Order.objects.get(public_id=event.order)
    _write(event.order, "can be exchanged", _list(order.exchange_items), delivery_id)


def _list(items: list[str] | None) -> str:
    shown = "\n".join(f"  {item}" for item in items or ())
    return (
        f"please send us these items back, in any parcel:\n\n{shown}\n\n"
        "Write the number of your order on it. You hear from us when it is here.\n"
    )


def _write(public_id: str, what: str, body: str, delivery_id: str) -> None:
    """Write to the customer of an order.

    A repeated delivery carries the same Message-ID, so the mail is shown once.
    """
    order = Order.objects.select_related("customer").get(public_id=public_id)
    EmailMessage(
        subject=f"{order} {what}",
        body=f"Hello {order.customer.name},\n\n{body}",
        to=[order.customer.email],
        headers={"Message-ID": f"<{delivery_id}@paybill.invalid>"},
    ).send()
