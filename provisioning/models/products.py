"""Products that are any container image, and what they were told of their tenants."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models import Tenant


class Product(models.Model):
    """Software of somebody's own that is told of its tenants by signed webhooks.

    A plan names it in its features, as ``product``; without one a tenant gets
    Paybill's own plane. ``secret`` signs; ``former_secret`` signs beside it until
    ``former_until``, so that a product can change over without missing anything.
    """

    public_id = PublicId("pdu")
    code = models.SlugField(max_length=40, unique=True, help_text="as plans name it")
    name = models.CharField(max_length=80)
    image = models.CharField(
        max_length=300, blank=True, help_text="container image that a silo runs"
    )
    address = models.CharField(max_length=300, help_text="where its webhook listens")
    secret = EncryptedText()
    former_secret = EncryptedText(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    # What the caller of RotateProductSecret is shown once. Never stored in the clear.
    fresh_secret: str = ""

    class Meta:
        ordering = ["code"]
        permissions = [("rotate_product_secret", "Can make a new signing secret")]

    def __str__(self) -> str:
        return self.name


class NoticeKind(models.TextChoices):
    CREATED = "created"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DELETED = "deleted"


class NoticeState(models.TextChoices):
    OWED = "owed"  # it is sent until it is answered
    ANSWERED = "answered"
    OVERTAKEN = "overtaken"  # the tenant moved on before it was answered


class ProductNotice(models.Model):
    """One thing that a product has to be told; its id is the id of the webhook.

    ``sequence`` rises with every notice of a tenant: what comes late is known by it.
    """

    account_path = "tenant__account"

    public_id = PublicId("ntc")
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="notices"
    )
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="product_notices"
    )
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    state = models.CharField(
        max_length=10, choices=NoticeState.choices, default=NoticeState.OWED
    )
    sequence = models.PositiveIntegerField()
    key = models.CharField(
        max_length=100, unique=True, help_text="the delivery that caused it"
    )
    tries = models.PositiveIntegerField(default=0)
    said = models.CharField(max_length=200, blank=True, help_text="last answer")
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("settle_productnotice", "Can write down what a product answered"),
            ("resend_productnotice", "Can have a product told again"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sequence"], name="notice_sequence_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.tenant_id} to {self.product_id}"
