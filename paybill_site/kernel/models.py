"""What the kernel keeps in every plane: audit, transitions, outbox, keys, licence."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


def reference(row: models.Model) -> str:
    """Name a row across planes and for ever: ``billing.invoice:inv_01...``."""
    return f"{row._meta.label_lower}:{getattr(row, 'public_id', row.pk)}"


class ChainHead(models.Model):
    """The newest link of an audit chain; locking its row orders the writers."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.BigIntegerField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.name} #{self.seq}"


class AuditEntry(models.Model):
    """One decision, allowed or denied; ``body`` is the exact text that was hashed."""

    append_only = True

    public_id = PublicId("aud")
    chain = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=100)
    actor = models.CharField(max_length=80)
    target = models.CharField(max_length=120, db_index=True)
    outcome = models.CharField(max_length=20)
    body = models.TextField()
    digest = models.BinaryField()

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="audit_one_per_seq"),
        ]
        indexes = [models.Index(fields=["actor", "id"], name="audit_of_actor")]

    def __str__(self) -> str:
        return f"{self.action} {self.target} {self.outcome}"


class Checkpoint(models.Model):
    """How far an audit chain had come, signed; see ``kernel.checkpoints``."""

    append_only = True

    chain = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    digest = models.BinaryField()
    said_at = models.CharField(max_length=40, help_text="ISO 8601, as it was signed")
    key = models.CharField(
        max_length=80, help_text="fingerprint of the key that signed"
    )
    signature = models.BinaryField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="checkpoint_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.seq}"


class Transition(models.Model):
    """One change of state: from what, to what, why, by whom."""

    target = models.CharField(max_length=120)
    machine = models.CharField(max_length=40)
    old = models.CharField(max_length=40)
    new = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())

    append_only = True

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["target", "id"], name="transition_of_target")]

    def __str__(self) -> str:
        return f"{self.target}: {self.old} -> {self.new}"


class OutboxEvent(models.Model):
    """A fact that happened in this plane, written with its effect."""

    public_id = PublicId("evt")
    name = models.CharField(max_length=100)
    payload = models.JSONField()
    stream = models.CharField(max_length=60, blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.public_id}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"
    SKIPPED = "skipped"


class Delivery(models.Model):
    """One event on its way to one handler; back-off and failure stand on the row."""

    public_id = PublicId("dlv")
    event = models.ForeignKey(
        OutboxEvent, on_delete=models.PROTECT, related_name="deliveries"
    )
    handler = models.CharField(max_length=100)
    stream = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "handler"], name="delivery_once_per_handler"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                condition=models.Q(state="pending"),
                name="delivery_pending",
            ),
            models.Index(
                fields=["handler", "stream", "id"],
                condition=models.Q(state__in=["pending", "dead"]),
                name="delivery_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.handler}"


class IdempotencyKey(models.Model):
    """What a request under a key did, stored in the transaction of its effect."""

    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    output = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "key"], name="key_used_once"),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"


class RowChange(models.Model):
    """A row of the product that a transaction changed, noted by a trigger.

    Only the owner of the plane writes it, by the functions of ``history``.
    """

    tx = models.BigIntegerField(db_index=True, help_text="PostgreSQL's number")
    table_name = models.CharField(max_length=63)
    row_key = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    at = models.DateTimeField(help_text="when the transaction began")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_key}"


class UsageCounter(models.Model):
    """How much of a meter was used in a month, for limits: one row, counted up."""

    pk = models.CompositePrimaryKey("meter", "month")
    meter = models.CharField(max_length=40)
    month = models.DateTimeField(help_text="its first moment, in UTC")
    used = models.DecimalField(max_digits=40, decimal_places=12)
    noticed = models.PositiveSmallIntegerField(default=0, help_text="percent, told")

    def __str__(self) -> str:
        return f"{self.meter} {self.month:%Y-%m}"


class Licence(models.Model):
    """What the plane's tenant is entitled to, signed by the control plane."""

    version = models.BigIntegerField(unique=True)
    token = models.TextField()
    chain = models.JSONField(
        default=list, help_text="statements that make its key a trusted one"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"licence {self.version}"

    @classmethod
    def newest(cls) -> Licence | None:
        """The licence in force, or None before one was installed."""
        return cls.objects.first()
