"""Who pays, and how it is billed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Customer
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import money, when


@operators.register(Customer)
class CustomerAdmin(VerbAdmin[Customer]):
    """Accounts as parties that are billed: address, settings, balance."""

    list_display = ("__str__", "country", "collection", "credit", "next", "public_id")
    list_filter = ("collection", "country", "counting", "alignment", "dunning_exempt")
    search_fields = ("public_id", "name", "account__public_id", "account__name")
    list_select_related = ("account",)
    verbs = (
        actions.SetReckoning,
        actions.SetTerms,
        actions.SetAddress,
        actions.SetDunning,
    )

    @admin.display(description="Balance", ordering="balance")
    def credit(self, obj: Customer) -> SafeString | str:
        return money(obj.balance, obj.currency) if obj.currency else ""

    @admin.display(description="Next work", ordering="next_at")
    def next(self, obj: Customer) -> SafeString:
        return when(obj.next_at)

    def related(self, obj: Customer) -> Neighbours:
        mine = f"customer__id__exact={obj.pk}"
        return [
            ("account", obj.account),
            ("subscriptions", rows_of("subscription", mine)),
            ("invoices", rows_of("invoice", mine)),
            ("methods", rows_of("paymentmethod", mine)),
        ]
