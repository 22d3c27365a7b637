"""Invoices, their lines and numbers."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.plans import Plan
from billing.models.subscriptions import Subscription, SubscriptionItem
from billing.rating.lines import Line, from_inputs
from billing.rating.taxes import Assessment, assessment_of
from billing.states import InvoiceKind, InvoiceState, LineKind
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible, view_permission
from tenants.models import Tenant


class InvoiceSeries(models.Model):
    """Counts the numbers of a series. Locked while an invoice is finalised: no gaps."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return f"{self.name} {self.last}"


class Invoices(Visible["Invoice"]):
    """Drafts are for those who make them; a customer sees what was finalised."""

    def visible_to(self, actor: Actor) -> Self:
        seen = super().visible_to(actor)
        if actor.may(view_permission(Invoice)):
            return seen
        return seen.exclude(state=InvoiceState.DRAFT)


class Invoice(models.Model):
    """What a customer owes for a period, or for a change within one.

    Amounts are minor units of ``currency``: subtotal - discount + tax - included =
    total, where ``included`` is the tax that the prices of lines contain. Of the total
    ``applied`` came from the customer's balance, ``noted`` was taken off what was open
    by credit notes and ``paid`` came in. A total below zero went to the balance:
    ``applied`` is the same. ``credited`` is the sum of all credit notes, those on what
    was paid among them. Once open, nothing of it changes but ``state`` and these four.
    ``tenant`` and ``subscription`` are empty where its lines are of several; ``plan``
    is what a change of plan leads to.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("inv")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="invoices"
    )
    tenant = models.ForeignKey(
        Tenant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
    )
    subscription = models.ForeignKey(
        Subscription,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
    )
    plan = models.ForeignKey(
        Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=InvoiceKind.choices)
    state = models.CharField(
        max_length=15, choices=InvoiceState.choices, default=InvoiceState.DRAFT
    )
    series = models.CharField(max_length=20, blank=True)
    sequence = models.PositiveBigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField(help_text="minor units")
    discount = models.BigIntegerField(default=0, help_text="minor units")
    tax = models.BigIntegerField(default=0, help_text="minor units")
    total = models.BigIntegerField(help_text="minor units")
    included = models.BigIntegerField(
        default=0, help_text="minor units of tax that is in the prices"
    )
    applied = models.BigIntegerField(default=0, help_text="minor units of the balance")
    noted = models.BigIntegerField(
        default=0, help_text="minor units that credit notes took off what was open"
    )
    credited = models.BigIntegerField(
        default=0, help_text="minor units of all credit notes"
    )
    paid = models.BigIntegerField(default=0, help_text="minor units")
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    parties = models.JSONField(
        default=dict, help_text="seller, buyer and language as they were then"
    )
    created_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = models.Manager.from_queryset(Invoices)()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("pay_invoice", "Can pay an invoice"),
            ("settle_invoice", "Can record that an invoice was paid"),
            ("void_invoice", "Can void an invoice"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "sequence"], name="invoice_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    total=models.F("subtotal")
                    - models.F("discount")
                    + models.F("tax")
                    - models.F("included")
                ),
                name="total_is_the_sum",
            ),
            models.CheckConstraint(
                condition=models.Q(paid__gte=0, noted__gte=0)
                & models.Q(
                    total__gte=models.F("paid")
                    + models.F("applied")
                    + models.F("noted")
                )
                & (models.Q(applied__gte=0) | models.Q(applied=models.F("total"))),
                name="paid_between_nothing_and_total",
            ),
            models.CheckConstraint(
                condition=models.Q(credited__gte=models.F("noted"))
                & (models.Q(credited=0) | models.Q(credited__lte=models.F("total"))),
                name="credited_at_most_the_total",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | models.Q(sequence__isnull=False, due_at__isnull=False),
                name="finalised_invoice_has_a_number",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "due_at"],
                condition=models.Q(state="open"),
                name="invoice_open",
            ),
        ]

    def __str__(self) -> str:
        return self.number or "draft"

    @property
    def number(self) -> str:
        """``2026-000042``, or "" while it is a draft."""
        return f"{self.series}-{self.sequence:06d}" if self.sequence else ""

    @property
    def reference(self) -> str:
        """What the payer quotes on a bank transfer."""
        return f"PB-{self.number}"

    @property
    def outstanding(self) -> int:
        """Minor units that are still to be paid."""
        return self.total - self.paid - self.applied - self.noted

    @property
    def named(self) -> dict[str, str]:
        """What every event about it says: whose, and which."""
        return {
            "customer": self.customer.public_id,
            "tenant": self.tenant.public_id if self.tenant else "",
            "invoice": self.public_id,
        }


class InvoiceLine(models.Model):
    """One line: the inputs of its amount are kept, so that it can be explained.

    ``discounts`` says which coupon took off what and by which rule; ``taxed`` is the
    ``Assessment`` of its tax. Once the invoice is finalised the database refuses to
    add, change or delete a line.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    kind = models.CharField(
        max_length=12, choices=LineKind.choices, default=LineKind.FEE
    )
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    item = models.ForeignKey(
        SubscriptionItem, null=True, on_delete=models.PROTECT, related_name="lines"
    )
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    inputs = models.JSONField()
    tax_class = models.CharField(max_length=20, default="standard")
    tax_included = models.BooleanField(default=False)
    amount = models.BigIntegerField(help_text="minor units, before discount and tax")
    discount = models.BigIntegerField(default=0, help_text="minor units")
    discounts = models.JSONField(default=list, help_text="what was taken off, and why")
    tax = models.BigIntegerField(default=0, help_text="minor units")
    taxed = models.JSONField(default=dict, help_text="how it was taxed, and why")

    class Meta:
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="line_position_once"
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def net(self) -> int:
        """What is earned by it: less the discount, and less tax the price contains."""
        return self.amount - self.discount - self.included

    @property
    def included(self) -> int:
        """The tax that the amount contains, in minor units."""
        return self.tax if self.taxed.get("inclusive") else 0

    @property
    def assessment(self) -> Assessment:
        """How it was taxed, and why."""
        return assessment_of(self.taxed)

    @property
    def rated(self) -> Line:
        """The line as rating made it; its ``amount`` is this amount."""
        return from_inputs(self.inputs)

    @property
    def why(self) -> str:
        """How the amount came about, in words."""
        return self.rated.why

    @property
    def why_discount(self) -> str:
        """What was taken off by which coupon, in words; "" for nothing."""
        return "; ".join(
            f"{off['name']}: {from_inputs(off['inputs']).why}" for off in self.discounts
        )

    @property
    def why_tax(self) -> str:
        """The tax in words; "" where nothing was said about it."""
        return self.assessment.words(self.invoice.currency) if self.taxed else ""
