"""Rates of tax that invoices are made by."""

from __future__ import annotations

from django.contrib import admin

from billing import actions
from billing.models import TaxRate
from paybill_site.kernel.admin import VerbAdmin, operators


@operators.register(TaxRate)
class TaxRateAdmin(VerbAdmin[TaxRate]):
    """The operator's rates; a country without any is taxed by the table shipped."""

    list_display = ("country", "region", "tax_class", "payer", "name", "rate", "since")
    list_filter = ("country", "tax_class", "payer")
    search_fields = ("public_id", "country", "name")
    creator = actions.AddTaxRate
    verbs = (actions.EndTaxRate,)

    @admin.display(description="Rate", ordering="percent")
    def rate(self, obj: TaxRate) -> str:
        return f"{obj.percent.normalize():f}%"

    @admin.display(description="Holds", ordering="valid_from")
    def since(self, obj: TaxRate) -> str:
        until = f" until {obj.valid_until:%d %b %Y}" if obj.valid_until else ""
        return f"from {obj.valid_from:%d %b %Y}{until}"
