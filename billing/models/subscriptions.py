"""A tenant's subscription to a plan."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.plans import Plan
from billing.models.prices import Price
from billing.rating.periods import Period
from billing.states import SubscriptionState, TrialEnd
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models import Tenant
from tenants.states import Isolation


class Subscription(models.Model):
    """What a tenant takes, since when, and until when it is billed.

    The period that runs is from ``period_start`` to ``period_end``, counted from
    ``anchor`` (``period_index`` says the how manieth); ``anchor_day`` is the day of the
    month that all of them keep, where the anchor's own month is too short for it.
    ``begun_at`` is when its terms began, which a later version of the plan asks for,
    and from where phases are counted. ``items`` are what is billed.
    ``next_at`` is when the biller has something to do.
    """

    account_path = "tenant__account"
    locked_after = "customer"

    public_id = PublicId("sub")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="subscriptions"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="subscriptions"
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="subscriptions"
    )
    next_plan = models.ForeignKey(
        Plan,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="from the next period on",
    )
    waiting = models.JSONField(
        default=list, blank=True, help_text="changes from then on, or from a moment"
    )
    offered = models.JSONField(
        default=dict, blank=True, help_text="what it becomes once its offer is paid"
    )
    region = models.CharField(max_length=40)
    isolation = models.CharField(
        max_length=10,
        choices=Isolation.choices,
        default=Isolation.POOLED,
        help_text="chosen at the sale; no plan changes it",
    )
    size = models.CharField(
        max_length=20, blank=True, help_text="of the stack; empty: the plan's own"
    )
    state = models.CharField(max_length=12, choices=SubscriptionState.choices)
    starts_at = models.DateTimeField(
        null=True, blank=True, help_text="when it begins, if not at once"
    )
    trial_end = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True, editable=False)
    anchor = models.DateTimeField(help_text="all periods are counted from here")
    anchor_day = models.PositiveSmallIntegerField(null=True, blank=True)
    period_index = models.IntegerField(default=0)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    cancel_at_period_end = models.BooleanField(default=False)
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="it was cancelled to this moment"
    )
    trial_then = models.CharField(
        max_length=10,
        choices=TrialEnd.choices,
        default=TrialEnd.INVOICE,
        help_text="after a trial of which nobody said how it is paid",
    )
    pauses_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="since when access is closed"
    )
    resumes_at = models.DateTimeField(null=True, blank=True)
    overrides = models.JSONField(
        default=dict, blank=True, help_text="features and limits of this one alone"
    )
    created_at = models.DateTimeField(db_default=Now())
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("subscribe_tenant", "Can subscribe a tenant to a plan"),
            ("cancel_subscription", "Can cancel a subscription"),
            ("bill_subscription", "Can renew and dun what is due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=~models.Q(state="cancelled"),
                name="one_subscription_per_tenant",
            ),
            models.CheckConstraint(
                condition=models.Q(period_end__gte=models.F("period_start")),
                name="period_ends_after_its_start",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(next_at__isnull=False),
                name="subscription_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.name} for {self.tenant.name}"

    @property
    def period(self) -> Period:
        """The period that is running, as rating takes it."""
        return Period(self.period_start, self.period_end)

    @property
    def granted_size(self) -> str:
        """What was chosen, as long as the plan has it; else the plan's own."""
        return self.size if self.size in self.plan.sizes else self.plan.size

    @property
    def zone(self) -> tzinfo:
        """The zone in whose wall time months are counted."""
        return ZoneInfo(self.tenant.account.time_zone)


class SubscriptionItem(models.Model):
    """One price of a subscription from ``start`` until ``end`` (None: it goes on).

    ``phased_from`` is from where the phases of its price are counted. ``first_end`` is
    up to when the first invoice paid for it, where that period began with the payment:
    the invoice was written before and names other days.

    ``billed_to`` is up to when its fee is on invoices: ahead of now where it is billed
    in advance, behind where it is billed in arrears. It moves in the transaction of
    the invoice, so nothing is billed twice.
    """

    account_path = "subscription__tenant__account"

    public_id = PublicId("itm")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="items"
    )
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=20, decimal_places=6, default=1)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    billed_to = models.DateTimeField()
    phased_from = models.DateTimeField(null=True, blank=True)
    first_end = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["subscription", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "price"],
                condition=models.Q(end__isnull=True),
                name="price_taken_once",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="item_quantity_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(end__isnull=True)
                | models.Q(end__gte=models.F("start")),
                name="item_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price.name} of {self.subscription}"
