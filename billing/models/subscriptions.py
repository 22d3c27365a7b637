"""A tenant's subscription to a plan."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now

from billing.models.plans import Plan
from billing.rating.periods import Period
from billing.states import SubscriptionState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models import Tenant


class Subscription(models.Model):
    """What a tenant takes, since when, and until when it is billed.

    Period ``period_index`` counted from ``anchor`` runs from ``period_start`` to
    ``period_end``. ``next_at`` is when the biller has something to do.
    """

    account_path = "tenant__account"

    public_id = PublicId("sub")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="subscriptions"
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
    region = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=SubscriptionState.choices)
    anchor = models.DateTimeField(help_text="all periods are counted from here")
    period_index = models.IntegerField(default=0)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    cancel_at_period_end = models.BooleanField(default=False)
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
    def zone(self) -> tzinfo:
        """The zone in whose wall time months are counted."""
        return ZoneInfo(self.tenant.account.time_zone)
