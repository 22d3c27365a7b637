"""The double-entry ledger: rows that are only ever added, in groups that are zero."""

from __future__ import annotations

from django.db import models

from billing.models.credits import CreditNote, Refund
from billing.models.customers import Customer
from billing.models.invoices import Invoice, InvoiceLine
from billing.models.payments import Payment
from billing.states import LedgerAccount, Posting
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class LedgerEntry(models.Model):
    """One side of a booking, in minor units: debits above zero, credits below.

    The entries of a ``booking`` sum to zero; the database checks that when they are
    written. Entries of ``revenue`` have the line and the period they are earned in, so
    what is deferred at a moment follows from them.
    """

    append_only = True

    public_id = PublicId("led")
    booking = models.CharField(max_length=40, help_text="what belongs together")
    posting = models.CharField(max_length=20, choices=Posting.choices)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    account = models.CharField(max_length=20, choices=LedgerAccount.choices)
    amount = models.BigIntegerField(help_text="minor units; credits below zero")
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    invoice = models.ForeignKey(
        Invoice, null=True, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    line = models.ForeignKey(
        InvoiceLine, null=True, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    note = models.ForeignKey(
        CreditNote, null=True, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    refund = models.ForeignKey(
        Refund, null=True, on_delete=models.PROTECT, related_name="ledger_entries"
    )
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["booking"], name="ledger_booking"),
            models.Index(fields=["account", "at"], name="ledger_account"),
        ]

    def __str__(self) -> str:
        return f"{self.posting}: {self.account}"


class BooksCheck(models.Model):
    """What the nightly check found: ``differences`` is empty when all agrees."""

    append_only = True

    public_id = PublicId("bks")
    at = models.DateTimeField()
    invoices = models.PositiveBigIntegerField(help_text="that were compared")
    entries = models.PositiveBigIntegerField(help_text="of the ledger, compared")
    differences = models.JSONField(default=list)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("check_books", "Can check that the books agree")]

    def __str__(self) -> str:
        found = len(self.differences)
        return "all agrees" if not found else f"{found} differences"
