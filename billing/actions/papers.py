"""The verb on how a customer's documents are written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from billing.models import Customer
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor


class Papers(Input):
    language: Literal["en", "de", "fr", "es", "it", "pl"] = Field(
        description="of invoices and credit notes"
    )
    e_invoice: bool = Field(
        default=False,
        title="Electronic invoice",
        description="Factur-X (EN 16931) inside the PDF; tax is then on the sum",
    )
    region: str = Field(
        default="", max_length=10, description="ISO 3166-2, where taxes differ by it"
    )


class SetPapers(Action[Customer, Papers, Customer]):
    """Say how documents are written from now on; those there are stay as they are."""

    model = Customer
    Input = Papers
    permission = "billing.change_customer"

    def run(self, target: Customer, data: Papers, *, actor: Actor) -> Customer:
        target.language, target.e_invoice = data.language, data.e_invoice
        target.region = data.region.upper()
        target.save(update_fields=["language", "e_invoice", "region"])
        return target
