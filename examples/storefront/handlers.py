"""What follows when something has happened in a shop."""

from __future__ import annotations

from django.core.mail import EmailMessage

from examples.storefront.events import OrderCancelled
from examples.storefront.models import Order
from examples.storefront.states import CancelReason
from paybill_site.kernel.events import handles


@handles(OrderCancelled, in_tenants=True)
def tell_customer(event: OrderCancelled, delivery_id: str) -> None:
    """Tell the customer by mail that the order was cancelled.

    A repeated delivery carries the same Message-ID, so the mail is shown once.
    """
    order = Order.objects.select_related("customer").get(public_id=event.order)
    reason = CancelReason(event.reason).label.lower()
    EmailMessage(
        subject=f"{order} was cancelled",
        body=(
            f"Hello {order.customer.name},\n\n"
            f"your order {order.public_id} was cancelled ({reason}).\n"
            "Nothing will be delivered and nothing is owed.\n"
        ),
        to=[order.customer.email],
        headers={"Message-ID": f"<{delivery_id}@paybill.invalid>"},
    ).send()
