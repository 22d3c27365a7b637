"""Money on its way: stored methods, payments, what gateways tell, what is disputed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.invoices import Invoice
from billing.states import (
    IN_FLIGHT,
    DisputeState,
    IncomingState,
    MethodState,
    PaymentState,
)
from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models import Tenant


class Payer(models.Model):
    """As whom a gateway knows a customer. Nobody acts on it by itself."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payers"
    )
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "gateway"], name="payer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.reference}"


class PaymentMethod(models.Model):
    """A card or account that a gateway keeps; here stands only its name for it.

    ``reference`` is that name, worth nothing without the installation's key;
    ``setup`` names what the customer fills in at the gateway, and ``address`` is where:
    whoever has it may fill it in, so it is sealed. ``expires`` is the last day.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("pmt")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="methods"
    )
    gateway = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, blank=True, help_text="card, sepa_debit")
    reference = models.CharField(
        max_length=80, blank=True, help_text="the gateway's name for it"
    )
    setup = models.CharField(max_length=120, blank=True, editable=False)
    address = EncryptedText(default="", editable=False)
    label = models.CharField(max_length=80, blank=True, help_text="Visa ending 4242")
    expires = models.DateField(null=True, blank=True)
    is_default = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=MethodState.choices, default=MethodState.PENDING
    )
    trouble = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("record_method", "Can record what a gateway says of a method")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_default=True),
                name="one_default_method",
            ),
            models.UniqueConstraint(
                fields=["gateway", "setup"],
                condition=~models.Q(setup=""),
                name="method_set_up_once",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(state="active"),
                name="default_method_is_active",
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.gateway}, not set up yet"


class Payment(models.Model):
    """Money that came, or an attempt to get it, for one invoice.

    The row is there before a gateway is asked, and its public id is the idempotency
    key that the gateway is asked with. ``number`` counts the attempts for the invoice;
    ``code`` and ``hard`` say why one failed and whether the same method can ever do.
    ``look_at`` is when to ask the gateway how it went, while that is not known.
    ``confirm_at`` is where the customer's bank asks; whoever has it may answer, so it
    is sealed.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("pay")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payments"
    )
    tenant = models.ForeignKey(
        Tenant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payments",
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="payments"
    )
    method = models.ForeignKey(
        PaymentMethod,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payments",
    )
    number = models.PositiveSmallIntegerField(default=1, help_text="of the attempt")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(
        max_length=80, blank=True, help_text="the gateway's or the bank's name for it"
    )
    state = models.CharField(
        max_length=20, choices=PaymentState.choices, default=PaymentState.CREATED
    )
    amount = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    on_session = models.BooleanField(default=False, help_text="the customer was there")
    refunded = models.BigIntegerField(default=0, help_text="minor units")
    code = models.CharField(max_length=60, blank=True, help_text="why it failed")
    hard = models.BooleanField(default=False, help_text="no use to try it again")
    failure = models.CharField(max_length=200, blank=True)
    confirm_at = EncryptedText(default="", editable=False)
    created_at = models.DateTimeField(db_default=Now())
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("record_payment", "Can record what a gateway says of a payment"),
            ("refund_payment", "Can give a payment back"),
            ("import_statement", "Can import a bank statement"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "reference"],
                condition=~models.Q(reference=""),
                name="payment_recorded_once",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=models.Q(state__in=IN_FLIGHT),
                name="one_payment_in_flight",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="payment_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(refunded__gte=0)
                & models.Q(refunded__lte=models.F("amount")),
                name="refunded_between_nothing_and_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["look_at"],
                condition=models.Q(look_at__isnull=False),
                name="payment_look",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.reference or self.public_id}"


class IncomingEvent(models.Model):
    """What a gateway told us, once by its own id: what of it to look at, not its body.

    The body says how things were when it was sent; what counts is fetched.
    """

    public_id = PublicId("hook")
    gateway = models.CharField(max_length=20)
    event = models.CharField(max_length=100, help_text="the gateway's id of it")
    kind = models.CharField(max_length=80, help_text="the gateway's name of its type")
    subject = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    version = models.CharField(max_length=40, blank=True, help_text="of the API")
    state = models.CharField(
        max_length=10, choices=IncomingState.choices, default=IncomingState.STORED
    )
    received_at = models.DateTimeField(db_default=Now())
    followed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("take_incomingevent", "Can store and follow what gateways tell")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "event"], name="incoming_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event}"


class Dispute(models.Model):
    """A payment that the payer's bank takes back, or asks about."""

    account_path = "payment__customer__account"

    public_id = PublicId("dis")
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="disputes"
    )
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=80)
    amount = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    why = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=10, choices=DisputeState.choices, default=DisputeState.OPEN
    )
    invoice = models.ForeignKey(
        Invoice,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="disputes",
        help_text="by which a lost one is owed anew",
    )
    answer_by = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "reference"], name="dispute_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.reference}"

    @property
    def tenant(self) -> Tenant | None:
        """Whose audit chain it belongs to."""
        return self.payment.tenant
