"""Bank transfer: the customer quotes a reference, an operator records the money."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from billing.gateways.contract import Gateway
from billing.models import Invoice


class Manual(Gateway):
    """Pay by bank transfer to the account named in PAYBILL_BANK_DETAILS."""

    name = "manual"
    label = "Bank transfer"
    by_hand = True

    def page(self, invoice: Invoice) -> dict[str, Any]:
        pairs = (part.partition(":") for part in settings.PAYBILL_BANK_DETAILS)
        transfer = [(label.strip(), value.strip()) for label, _, value in pairs]
        return {"reference": invoice.reference, "transfer": transfer}
