"""What goes back to a customer: credit notes, refunds, and the credit balance."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.invoices import Invoice, InvoiceLine
from billing.models.payments import Payment
from billing.rating.taxes import Assessment, assessment_of
from billing.states import CreditKind, EntryKind, NoteReason, RefundState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class CreditNote(models.Model):
    """A part of a finalised invoice taken back, with the tax that was on it.

    total = subtotal + tax, in minor units, of which ``noted`` was taken off what was
    open, ``to_balance`` went to the customer's balance and ``refunded`` is paid back.
    It has a number of a series of its own and never changes.
    """

    append_only = True
    account_path = "customer__account"

    public_id = PublicId("crn")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="credit_notes"
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credit_notes"
    )
    series = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=20, choices=NoteReason.choices)
    memo = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField(help_text="minor units, before tax")
    tax = models.BigIntegerField(help_text="minor units")
    total = models.BigIntegerField(help_text="minor units")
    noted = models.BigIntegerField(help_text="minor units off what was open")
    to_balance = models.BigIntegerField(help_text="minor units to the balance")
    refunded = models.BigIntegerField(help_text="minor units to be paid back")
    issued_at = models.DateTimeField()

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "sequence"], name="credit_note_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(total=models.F("subtotal") + models.F("tax"))
                & models.Q(
                    total=models.F("noted")
                    + models.F("to_balance")
                    + models.F("refunded")
                )
                & models.Q(
                    total__gt=0, noted__gte=0, to_balance__gte=0, refunded__gte=0
                ),
                name="credit_note_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """``CN2026-000042``."""
        return f"{self.series}-{self.sequence:06d}"


class CreditNoteLine(models.Model):
    """How much of an invoice's line is taken back, by that line's own tax rates."""

    append_only = True

    note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    net = models.BigIntegerField(help_text="minor units, before tax")
    tax = models.BigIntegerField(help_text="minor units")

    class Meta:
        ordering = ["note", "position"]
        constraints = [
            models.UniqueConstraint(fields=["note", "line"], name="line_noted_once"),
        ]

    def __str__(self) -> str:
        return self.line.description

    @property
    def taxed(self) -> Assessment:
        """How the invoice's line was taxed, which is how this is."""
        return assessment_of(self.line.taxed)


class Refund(models.Model):
    """Money on its way back; ``pending`` until the gateway says how it went.

    The row is there before the gateway is asked; its public id is the idempotency key.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("rfd")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="refunds"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds"
    )
    note = models.ForeignKey(
        CreditNote,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="refunds",
        help_text="empty: it came from the balance",
    )
    amount = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=RefundState.choices, default=RefundState.PENDING
    )
    reason = models.CharField(max_length=200, blank=True)
    reference = models.CharField(
        max_length=80, blank=True, help_text="the gateway's or the bank's name for it"
    )
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("settle_refund", "Can record how a refund went"),
            ("retry_refund", "Can try a refund again"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="refund_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"refund of {self.payment}"


class CreditGrant(models.Model):
    """One amount in a customer's favour, and what is ``left`` of it, in minor units.

    Used by ``priority`` (lower first), then by what expires first, then by age. What is
    left of all of them is the customer's balance.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("grt")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="grants"
    )
    kind = models.CharField(max_length=12, choices=CreditKind.choices)
    amount = models.BigIntegerField(help_text="minor units")
    left = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    priority = models.PositiveSmallIntegerField(default=50)
    expires_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    invoice = models.ForeignKey(
        Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("adjust_balance", "Can adjust a customer's balance"),
            ("expire_credit", "Can take back credit that was not used in time"),
            ("buy_credit", "Can buy credit ahead"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(left__gte=0, left__lte=models.F("amount")),
                name="grant_left_of_its_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(left__gt=0, expires_at__isnull=False),
                name="grant_expires",
            ),
            models.Index(
                fields=["customer", "priority"],
                condition=models.Q(left__gt=0),
                name="grant_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer}"


class BalanceEntry(models.Model):
    """One movement of a balance: above zero in the customer's favour. Never changed."""

    append_only = True
    account_path = "customer__account"

    public_id = PublicId("bal")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="balance_entries"
    )
    grant = models.ForeignKey(
        CreditGrant, on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    amount = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    invoice = models.ForeignKey(
        Invoice, null=True, on_delete=models.PROTECT, related_name="balance_entries"
    )
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="balance_entry_moves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer}"
