"""REST: customers' credit, refunds, the ledger, and the check of the books."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from billing import actions
from billing.api.session import SessionThings
from billing.models import (
    BalanceEntry,
    BooksCheck,
    CreditGrant,
    LedgerEntry,
    Refund,
)
from paybill_site.kernel.rest import Row, action_path, things


class GrantSerializer(Row[CreditGrant]):
    class Meta:
        model = CreditGrant
        fields = (
            "id",
            "customer",
            "kind",
            "amount",
            "left",
            "currency",
            "priority",
            "expires_at",
            "reason",
            "invoice",
            "created_at",
        )


class GrantViews(SessionThings):
    queryset = CreditGrant.objects.select_related("customer", "invoice")
    serializer_class = GrantSerializer


class EntrySerializer(Row[BalanceEntry]):
    class Meta:
        model = BalanceEntry
        fields = (
            "id",
            "customer",
            "grant",
            "kind",
            "amount",
            "currency",
            "invoice",
            "reason",
            "at",
        )


class EntryViews(SessionThings):
    queryset = BalanceEntry.objects.select_related("customer", "grant", "invoice")
    serializer_class = EntrySerializer


class RefundSerializer(Row[Refund]):
    class Meta:
        model = Refund
        fields = (
            "id",
            "customer",
            "payment",
            "note",
            "amount",
            "currency",
            "state",
            "reason",
            "reference",
            "failure",
            "created_at",
            "settled_at",
        )


class RefundViews(SessionThings):
    queryset = Refund.objects.select_related("customer", "payment", "note")
    serializer_class = RefundSerializer


class LedgerSerializer(Row[LedgerEntry]):
    class Meta:
        model = LedgerEntry
        fields = (
            "id",
            "booking",
            "posting",
            "customer",
            "account",
            "amount",
            "currency",
            "at",
            "invoice",
            "payment",
            "note",
            "refund",
            "period_start",
            "period_end",
        )


class LedgerViews(SessionThings):
    queryset = LedgerEntry.objects.select_related(
        "customer", "invoice", "payment", "note", "refund"
    )
    serializer_class = LedgerSerializer


class CheckSerializer(Row[BooksCheck]):
    class Meta:
        model = BooksCheck
        fields = ("id", "at", "invoices", "entries", "differences")


class CheckViews(SessionThings):
    queryset = BooksCheck.objects.all()
    serializer_class = CheckSerializer


class Checked(BaseModel):
    """What the check found; all agrees where ``differences`` is empty."""

    id: str
    invoices: int
    entries: int
    differences: list[dict[str, Any]]


customer = "customers/<str:public_id>"
urlpatterns = [
    *things("credit-grants", GrantViews),
    *things("balance-entries", EntryViews),
    *things("refunds", RefundViews),
    action_path("refunds/<str:public_id>/sent", actions.MarkRefundSent),
    action_path("refunds/<str:public_id>/retry", actions.RetryRefund),
    *things("ledger-entries", LedgerViews),
    *things("books-checks", CheckViews, actions.CheckBooks, output=Checked),
    action_path(f"{customer}/grant-credit", actions.GrantCredit),
    action_path(f"{customer}/reduce-credit", actions.ReduceCredit),
    action_path(f"{customer}/buy-credit", actions.BuyCredit),
    action_path(f"{customer}/redeem", actions.RedeemCode),
    action_path(f"{customer}/draft-invoice", actions.DraftInvoice),
    action_path(f"{customer}/papers", actions.SetPapers),
]
