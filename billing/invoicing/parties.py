"""Who sells and who buys, as they are when an invoice is finalised; kept with it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from billing.models import Customer

BUYER = ("street", "postcode", "city", "country", "vat_number", "email")


def of(customer: Customer) -> dict[str, Any]:
    """What documents say about both, in the customer's language."""
    seller = settings.PAYBILL_SELLER
    buyer = {name: getattr(customer, name) for name in BUYER}
    return {
        "language": customer.language,
        "e_invoice": customer.e_invoice,
        "seller": {name: value for name, value in seller.items() if value},
        "buyer": {"name": str(customer), **buyer},
        "bank": list(settings.PAYBILL_BANK_DETAILS),
    }
