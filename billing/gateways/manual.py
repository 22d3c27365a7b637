"""Bank transfer: the customer quotes a reference, an operator records the money."""

from __future__ import annotations

from django.conf import settings

from billing.gateways import Instructions
from billing.models import Invoice
from billing.rating import money


class Manual:
    """Pay by bank transfer to the account named in the settings."""

    name = "manual"
    label = "Bank transfer"
    test = False

    def instructions(self, invoice: Invoice) -> Instructions:
        amount = money.text(invoice.outstanding, invoice.currency)
        bank = tuple(
            (label.strip(), value.strip())
            for label, _, value in (
                part.partition(":") for part in settings.PAYBILL_BANK_DETAILS
            )
        )
        return Instructions(
            "Quote the reference, so that we can match your payment.",
            (("Amount", amount), ("Reference", invoice.reference), *bank),
        )
