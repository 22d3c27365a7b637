"""Who pays, and how it is billed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from billing import actions, clock
from billing.actions.zones import SetTimeZone
from billing.admin.rows import Neighbours, foretold, rows_of
from billing.engine import foretelling
from billing.models import Customer
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money, when
from tenants.admin import AccountAdmin

AHEAD = timedelta(days=62)


@operators.register(Customer)
class CustomerAdmin(VerbAdmin[Customer]):
    """Accounts as parties that are billed: address, settings, balance."""

    list_display = ("__str__", "country", "collection", "credit", "next", "public_id")
    list_filter = (
        "collection",
        "country",
        "counting",
        "alignment",
        "dunning_exempt",
        ("parked_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("public_id", "name", "account__public_id", "account__name")
    list_select_related = ("account",)
    verbs = (
        actions.SetReckoning,
        actions.SetTerms,
        actions.SetAddress,
        actions.SetDunning,
        actions.BillCustomer,
        actions.RetryBilling,
    )
    readonly_fields = ("ahead",)

    @admin.display(description="Balance", ordering="balance")
    def credit(self, obj: Customer) -> SafeString | str:
        return money(obj.balance, obj.currency) if obj.currency else ""

    @admin.display(description="Next work", ordering="next_at")
    def next(self, obj: Customer) -> SafeString:
        return when(obj.next_at)

    @admin.display(description="What will happen, if everything is paid")
    def ahead(self, obj: Customer) -> SafeString:
        return foretold(foretelling.of_customer(obj, clock.now() + AHEAD))

    def related(self, obj: Customer) -> Neighbours:
        mine = f"customer__id__exact={obj.pk}"
        return [
            ("account", obj.account),
            ("subscriptions", rows_of("subscription", mine)),
            ("invoices", rows_of("invoice", mine)),
            ("methods", rows_of("paymentmethod", mine)),
        ]


AccountAdmin.offer(SetTimeZone)


@waiting
def parked(actor: Actor) -> Iterable[dict[str, Any]]:
    """Customers that the biller leaves alone: each says what went wrong."""
    rows = Customer.objects.visible_to(actor).filter(parked_at__isnull=False)
    if count := rows.count():
        yield {
            "title": "Customers that could not be billed: look why, then retry",
            "count": count,
            "url": rows_of("customer", "parked_at__isempty=0"),
            "tone": "bad",
        }
