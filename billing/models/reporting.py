"""What reports are made of: recurring revenue as it changed, and revenue by month.

Both are written once and never changed, so last year's report says the same next year.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.ledger import LedgerEntry
from billing.models.subscriptions import Subscription
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Movement(models.TextChoices):
    """Why recurring revenue is not what it was."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"


class RecurringChange(models.Model):
    """A subscription's recurring amount changed: minor units a month, before and after.

    ``customer_before`` and ``customer_after`` are of all the customer's subscriptions,
    so the row also says whether the customer came or went. The sum of ``amount`` up to
    a moment is the recurring revenue at that moment.
    """

    append_only = True

    public_id = PublicId("mrr")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Movement.choices)
    currency = models.CharField(max_length=3)
    before = models.BigIntegerField(help_text="minor units a month")
    after = models.BigIntegerField(help_text="minor units a month")
    amount = models.BigIntegerField(help_text="minor units a month, after less before")
    customer_before = models.BigIntegerField(help_text="minor units a month")
    customer_after = models.BigIntegerField(help_text="minor units a month")
    at = models.DateTimeField(help_text="by the clock of billing")
    written_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("view_reports", "Can see the reports of billing")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount=models.F("after") - models.F("before")),
                name="recurring_amount_is_the_difference",
            ),
        ]
        indexes = [models.Index(fields=["at"], name="recurring_change_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.subscription}"


class RevenuePart(models.Model):
    """What of an entry of the ledger's revenue belongs to a month: minor units.

    The parts of an entry add up to it, with the sign turned: revenue is above zero
    here. What is taken back later has entries, and so parts, of its own. ``month`` is
    its first day, in UTC.
    """

    append_only = True

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(help_text="minor units, without tax")
    booked_at = models.DateTimeField()

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "month"], name="recognised_once_a_month"
            ),
        ]
        indexes = [models.Index(fields=["month"], name="revenue_part_month")]

    def __str__(self) -> str:
        return f"{self.month:%B %Y} of {self.entry}"
