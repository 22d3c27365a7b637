"""Who buys here, where they live and how they pay."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from examples.storefront.states import MethodKind
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.objectgrants import object_grants
from paybill_site.kernel.querysets import VisibleManager


class Postal(models.Model):
    """A postal address, kept on the row that it belonged to at the time."""

    line1 = models.CharField("street and number", max_length=120, blank=True)
    line2 = models.CharField("more of the address", max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField("state or province", max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(
        max_length=60, blank=True, help_text="ISO 3166-1, or as the customer writes it"
    )

    class Meta:
        abstract = True


POSTAL = tuple(field.name for field in Postal._meta.local_fields)


class Customer(Postal):
    """Somebody who buys in this shop. Not a user of Paybill."""

    public_id = PublicId("cus")
    reference = models.CharField(
        max_length=80,
        unique=True,
        null=True,
        blank=True,
        help_text="the customer's id in another system",
    )
    name = models.CharField(max_length=120)
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    email = models.EmailField()
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("modify_customer_address", "Can modify address of customer")]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="customer_email_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentMethod(models.Model):
    """One way in which a customer pays; a gift card holds money of its own."""

    public_id = PublicId("pay")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="payment_methods"
    )
    reference = models.CharField(
        max_length=80,
        unique=True,
        null=True,
        blank=True,
        help_text="the method's id in another system",
    )
    kind = models.CharField(max_length=20, choices=MethodKind.choices)
    brand = models.CharField(max_length=30, blank=True, help_text="of a credit card")
    last_four = models.CharField(max_length=4, blank=True)
    balance_minor = models.PositiveBigIntegerField(
        "balance",
        null=True,
        blank=True,
        help_text="of a gift card, in minor units of its currency",
    )
    currency = models.CharField(
        max_length=3, blank=True, help_text="of a gift card, ISO 4217"
    )

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=MethodKind.GIFT_CARD, balance_minor__isnull=False)
                | (~Q(kind=MethodKind.GIFT_CARD) & Q(balance_minor__isnull=True)),
                name="gift_card_has_a_balance",
            )
        ]

    def __str__(self) -> str:
        return " ".join(
            filter(None, (self.get_kind_display(), self.brand, self.last_four))
        )

    @property
    def is_gift_card(self) -> bool:
        return self.kind == MethodKind.GIFT_CARD


CustomerUserPermission, CustomerGroupPermission = object_grants(Customer)
