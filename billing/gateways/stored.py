"""What the pay page shows of stored methods."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billing.models import Invoice
from billing.states import MethodState


def page(invoice: Invoice, gateway: str) -> dict[str, Any]:
    """The methods of a gateway that the invoice can be paid with, the default first."""
    rows = invoice.customer.methods.filter(state=MethodState.ACTIVE, gateway=gateway)
    account = invoice.customer.account
    return {
        "methods": list(rows.order_by("-is_default", "-pk")),
        "stored_action": reverse("billing:pay_stored", args=[invoice.public_id]),
        "add_url": reverse("billing:methods", args=[account.public_id]),
    }
