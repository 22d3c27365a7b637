"""How much agents may do in a window, and how much of it is used."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.access import Held
from agents.states import Measure, Per
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Limit(Held):
    """At most ``most`` of a measure, for each ``per``, in a window.

    Without agent and role it holds for every agent of the plane. ``window`` 0 is for
    ever; windows begin at multiples of their length since 1970, in UTC. Amounts are
    integer minor units of ``currency``.
    """

    public_id = PublicId("lim")
    tool = models.CharField(max_length=100, blank=True, help_text="blank: every tool")
    workflow = models.CharField(max_length=100, blank=True)
    measure = models.CharField(max_length=10, choices=Measure.choices)
    per = models.CharField(max_length=10, choices=Per.choices, default=Per.AGENT)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217")
    most = models.PositiveBigIntegerField()
    window = models.PositiveIntegerField("window in seconds", default=0)
    shadow = models.BooleanField(default=False, help_text="counted, not enforced")
    version = models.PositiveIntegerField(default=1)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agent__isnull=True) | Q(role__isnull=True),
                name="limit_of_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(measure="amount") ^ Q(currency=""),
                name="limit_of_an_amount_has_a_currency",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.most} {self.measure} per {self.per}"


class LimitUse(models.Model):
    """What of a limit a subject has used in a window; counted up by one UPDATE."""

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="uses")
    subject = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "subject", "starts_at"], name="limit_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.used}"


class TouchedObject(models.Model):
    """An object that counts in a window, so that the same one counts once."""

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="touched")
    subject = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    object = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "subject", "starts_at", "object"],
                name="touched_object_once",
            )
        ]

    def __str__(self) -> str:
        return self.object
