"""Usage: meters, the events as they came in, and what they add up to.

Raw events lie in partitions of a month by when they happened, so that old months can
be dropped; what makes an event unique lies in a narrow table of its own, for ever.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from billing.rating.usage import Aggregation
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible, VisibleManager, view_permission
from tenants.models import Tenant


class Meters(Visible["Meter"]):
    """What is counted is no secret to those whose usage it is."""

    def visible_to(self, actor: Actor) -> Self:
        permission = view_permission(Meter)
        if actor.may(permission) or actor.accounts_with(permission):
            return self.all()
        return self.none()


class Meter(models.Model):
    """What is counted, and how events of it add up.

    What it means never changes (a trigger holds it): another meaning is another
    meter. ``value_from`` and ``key_from`` name the property of an event that is its
    value, and the one that unique counts tell apart. A ``carried`` level goes on from
    one period to the next: storage, seats.
    """

    public_id = PublicId("mtr")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    aggregation = models.CharField(
        max_length=12, choices=[(a.value, a.value) for a in Aggregation]
    )
    value_from = models.CharField(
        max_length=40, blank=True, help_text="property; without one each event is 1"
    )
    key_from = models.CharField(max_length=40, blank=True, help_text="property")
    carried = models.BooleanField(
        default=False, help_text="a level that goes on from period to period"
    )
    unit = models.CharField(max_length=30, help_text="one of it: call")
    units = models.CharField(max_length=30, help_text="many of it: calls")
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="takes no events since"
    )

    objects = models.Manager.from_queryset(Meters)()

    class Meta:
        ordering = ["code"]
        permissions = [
            ("retire_meter", "Can retire a meter"),
            ("rebuild_meter", "Can work out the roll-ups of a meter anew"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(aggregation="unique_count") ^ models.Q(key_from=""),
                name="unique_count_has_a_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def how(self) -> Aggregation:
        return Aggregation(self.aggregation)


class UsageBatch(models.Model):
    """Events that came in together, with the digest of what was sent.

    ``rolled_at`` is set in the transaction that adds its events to the roll-ups: a
    batch is in them once, whatever order batches are committed in.
    """

    public_id = PublicId("ubt")
    sender = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the events")
    accepted = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    rolled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    # What became of each event, in the order in which they were sent; not stored.
    answers: list[dict[str, Any]]
    concerned: str  # public id of the tenant, where it is one alone; not stored

    class Meta:
        verbose_name_plural = "usage batches"
        ordering = ["-id"]
        permissions = [
            ("record_usage", "Can send what tenants used"),
            ("correct_usage", "Can take usage back"),
            ("notice_usage", "Can note that a limit is near"),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(rolled_at__isnull=True),
                name="usage_batch_pending",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class UsageEvent(models.Model):
    """One event as it came in. Never changed: a correction is an event of its own.

    ``cancels`` is the number of the event that this one takes back: at the same moment,
    with the negated value and ``weight`` -1, so that a sum needs nothing else. What is
    no sum (a maximum) leaves both out. Partitioned by ``at``; see the migration.
    """

    append_only = True

    number = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    batch = models.ForeignKey(
        UsageBatch, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    at = models.DateTimeField(help_text="when it happened")
    value = models.DecimalField(max_digits=40, decimal_places=12)
    key = models.CharField(max_length=200)
    weight = models.SmallIntegerField()
    cancels = models.BigIntegerField(null=True)
    digest = models.UUIDField(help_text="of tenant, source and id")
    source = models.CharField(max_length=60)
    name = models.CharField(max_length=100, help_text="its id at the source")
    properties = models.JSONField()

    class Meta:
        ordering = ["-at", "-number"]

    def __str__(self) -> str:
        return f"{self.source}/{self.name}"


class UsageKey(models.Model):
    """That an event of this tenant, source and id came in, and what it said.

    Also that an event was cancelled: its digest with a mark in front.
    """

    append_only = True

    digest = models.UUIDField(primary_key=True)
    content = models.UUIDField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.digest)


class Width(models.TextChoices):
    HOUR = "hour"
    DAY = "day"


class UsageBucket(models.Model):
    """What the events of an hour or a day (of UTC) add up to, exactly.

    ``moment`` is the sum of value times microseconds since ``start``, from which a
    weighted sum over any period follows. ``touched_at`` is when it last changed.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    width = models.CharField(max_length=4, choices=Width.choices)
    start = models.DateTimeField()
    events = models.BigIntegerField()
    total = models.DecimalField(max_digits=60, decimal_places=12)
    moment = models.DecimalField(max_digits=80, decimal_places=12)
    highest = models.DecimalField(max_digits=40, decimal_places=12, null=True)
    latest = models.DecimalField(max_digits=40, decimal_places=12, null=True)
    latest_at = models.DateTimeField(null=True)
    latest_number = models.BigIntegerField(null=True)
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "width", "start"], name="usage_bucket_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["touched_at"],
                condition=models.Q(width="hour"),
                name="usage_bucket_touched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.width} of {self.start:%Y-%m-%d %H:%M}"


class UsageSeen(models.Model):
    """A key that was seen in an hour or on a day, for unique counts."""

    pk = models.CompositePrimaryKey("tenant_id", "meter_id", "width", "start", "key")
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    meter = models.ForeignKey(
        Meter,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    width = models.CharField(max_length=4, choices=Width.choices)
    start = models.DateTimeField()
    key = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.key
