"""The customer of billing: who pays, in which currency, and by which settings."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now

from billing.rating.anchors import Alignment
from billing.rating.proration import Counting
from billing.states import Collection, TaxBy
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models import Account


class Customer(models.Model):
    """An account as the party that is billed; its row is the first lock of billing.

    ``currency`` is fixed by the first subscription. ``counting``, ``alignment`` and
    ``tax_by`` change what future invoices come to, so only an action changes them, and
    it is audited. ``balance`` repeats the sum of the balance entries: minor units in
    the customer's favour. ``next_at`` is when the biller has something to do, unless
    the customer is parked: billing it failed, and an operator has to look.
    """

    account_path = "account"

    public_id = PublicId("cus")
    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, related_name="customer"
    )
    currency = models.CharField(max_length=3, blank=True)
    # Whom invoices are for.
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True, help_text="invoices go here")
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166")
    region = models.CharField(
        max_length=10, blank=True, help_text="ISO 3166-2, where taxes differ by it"
    )
    language = models.CharField(max_length=10, default="en")
    business = models.BooleanField(default=False)
    vat_number = models.CharField(max_length=20, blank=True)
    tax_exempt = models.BooleanField(default=False)
    e_invoice = models.BooleanField(
        default=False, help_text="Factur-X: the invoice's data inside its PDF"
    )
    # How invoices come about.
    counting = models.CharField(
        max_length=40,
        choices=[(c.value, c.value) for c in Counting],
        default=Counting.SECONDS.value,
        help_text="how a part of a period is counted",
    )
    alignment = models.CharField(
        max_length=12,
        choices=[(a.value, a.value) for a in Alignment],
        default=Alignment.ANNIVERSARY.value,
        help_text="from where periods are counted",
    )
    billing_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of the month, where periods keep a given day"
    )
    tax_by = models.CharField(max_length=10, choices=TaxBy.choices, default=TaxBy.LINE)
    # How they are paid.
    collection = models.CharField(
        max_length=10, choices=Collection.choices, default=Collection.TRANSFER
    )
    terms_days = models.PositiveSmallIntegerField(
        default=7, help_text="days to pay a renewal in"
    )
    dunning_exempt = models.BooleanField(
        default=False, help_text="nothing is closed for non-payment"
    )
    dunning_schedule = models.CharField(
        max_length=40,
        blank=True,
        help_text="code of its own schedule; else the usual one",
    )
    balance = models.BigIntegerField(default=0, help_text="minor units, a credit")
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    parked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="the biller leaves it alone"
    )
    parked_why = models.TextField(blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        permissions = [("set_terms", "Can set how a customer is billed")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(balance__gte=0), name="balance_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(next_at__isnull=False, parked_at__isnull=True),
                name="customer_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.account.name

    @property
    def zone(self) -> tzinfo:
        """The zone in whose wall time days and months are counted."""
        return ZoneInfo(self.account.time_zone)
