"""Rules for what is unpaid, the customers they are at work on, payments to retry."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.invoices import Invoice
from billing.states import CaseState, Collection
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class DunningSchedule(models.Model):
    """One version of what is done about unpaid invoices, and when: ``rules`` as data.

    The newest version of a code holds. ``default_for`` says for which customers it is
    the usual one; a customer may have another. A case goes on by the rules with which
    it began, so a new version surprises nobody.
    """

    append_only = True

    public_id = PublicId("dsc")
    code = models.SlugField(max_length=40, help_text="the same in every version")
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=60)
    default_for = models.CharField(
        max_length=10, choices=Collection.choices, blank=True
    )
    rules = models.JSONField(help_text="days of the retries, and the steps")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], name="dunning_schedule_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"


class DunningCase(models.Model):
    """A customer owes something beyond its day, from then until nothing is owed.

    ``taken`` counts the steps of ``rules`` that were taken; ``next_at`` is when the
    next one may be. ``closed_since`` is since when access is closed.
    """

    account_path = "customer__account"

    public_id = PublicId("dun")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="dunning_cases"
    )
    state = models.CharField(
        max_length=10, choices=CaseState.choices, default=CaseState.OPEN
    )
    schedule = models.CharField(max_length=60, help_text="code and version")
    rules = models.JSONField()
    taken = models.PositiveSmallIntegerField(default=0)
    changes_blocked = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    closed_since = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("advance_dunning", "Can take the steps against unpaid invoices"),
            ("set_dunning", "Can decide how a customer's unpaid invoices are followed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(state="open"),
                name="one_open_dunning_case",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(next_at__isnull=False),
                name="dunning_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}, {self.get_state_display()}"


class PaymentRetry(models.Model):
    """When the payment of an invoice that failed is tried again."""

    account_path = "invoice__customer__account"

    public_id = PublicId("rty")
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, related_name="retry"
    )
    failed_at = models.DateTimeField(help_text="the first failure")
    moments = models.JSONField(help_text="of the attempts after it")
    done = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    stopped = models.CharField(
        max_length=200, blank=True, help_text="why it is not tried again"
    )

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "payment retries"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(next_at__isnull=False),
                name="retry_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}, tried again {self.done} times"
