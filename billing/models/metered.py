"""Periods of meters as they were rated, to notice what changes after the invoice."""

from __future__ import annotations

from django.contrib.postgres.functions import TransactionNow
from django.db import models

from billing.models.customers import Customer
from billing.models.invoices import InvoiceLine
from billing.models.subscriptions import SubscriptionItem
from billing.rating.lines import from_inputs
from billing.rating.metering import Metered
from billing.rating.periods import Period
from tenants.models import Tenant


class Standing(models.TextChoices):
    """What is known of a period: ``lateness`` in ``billing.usage`` says how."""

    NEW = "new", "rated, and not looked at since"
    KNOWN = "known", "nothing changed since it was rated"
    LATE = "late", "usage of it changed since"


class MeteredPeriod(models.Model):
    """How the usage of an item was last rated for a period that is on an invoice.

    ``inputs`` are those of the line. ``billed`` and ``trued_up`` are minor units in
    all, for usage and for what was missing to the minimum, whatever became of the
    invoices: who is let off one is not asked for it again. ``rated_at`` is when the
    transaction began that rated it, by the database's clock: what it can not have seen
    is later. ``charged`` are the newest lines that charged it, by kind.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    item = models.ForeignKey(
        SubscriptionItem, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    meter = models.CharField(max_length=40, help_text="its code")
    start = models.DateTimeField()
    stop = models.DateTimeField()
    inputs = models.JSONField()
    billed = models.BigIntegerField(default=0, help_text="minor units")
    trued_up = models.BigIntegerField(default=0, help_text="minor units")
    standing = models.CharField(
        max_length=5, choices=Standing.choices, default=Standing.NEW
    )
    rated_at = models.DateTimeField(db_default=TransactionNow())

    charged: dict[str, InvoiceLine]  # not stored

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "start"], name="metered_period_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "meter", "stop"], name="metered_period_of_meter"
            ),
            models.Index(
                fields=["customer"],
                condition=models.Q(standing="late"),
                name="metered_period_late",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(standing="new"),
                name="metered_period_new",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} from {self.start:%Y-%m-%d %H:%M}"

    @property
    def period(self) -> Period:
        return Period(self.start, self.stop)

    @property
    def rated(self) -> Metered:
        """The line of usage as it was last rated."""
        line = from_inputs(self.inputs)
        if not isinstance(line, Metered):
            raise TypeError(f"{self} was not rated by a meter")
        return line
