"""What is on sale. A plan never changes: a new version is another row."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.functions import Now

from billing.rating.periods import Every, Interval
from billing.states import PhasesFrom, PlanKind, PlanState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible, view_permission
from tenants.states import Isolation


class Plans(Visible["Plan"]):
    """Whatever is on sale is public; the rest is for those who keep the catalogue."""

    def visible_to(self, actor: Actor) -> Self:
        if actor.may(view_permission(Plan)):
            return self.all()
        return self.on_sale()

    def on_sale(self) -> Self:
        return self.filter(state=PlanState.ON_SALE)

    def bases(self) -> Self:
        """What one subscribes to, without what is taken beside it."""
        return self.filter(kind=PlanKind.BASE)


class Plan(models.Model):
    """One version of a plan: how it isolates, what it grants; ``prices`` are rows.

    ``price`` is what a card says first: the base fee in minor units of ``currency`` for
    each ``interval_count`` intervals. An add-on names the plans it can be taken beside.
    A version is sold from ``effective_from`` on (None: always was); subscriptions of an
    earlier version stay with theirs, unless it says from when it is for them too.

    Lists say what can be chosen at a sale: ``isolations``, ``sizes`` of the stack,
    ``regions``; ``isolation`` and ``size`` are the ones taken where nothing is chosen.
    ``includes`` are add-ons that come with a plan, with how many: ``{"sso": 1}``.
    ``metered`` limits what a meter counts: ``{"api_calls": {"limit": 1000, "hard":
    false}}``.
    """

    public_id = PublicId("pln")
    code = models.SlugField(max_length=40, help_text="the same in every version")
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(
        max_length=10, choices=PlanKind.choices, default=PlanKind.BASE
    )
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_for_existing = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    beside = models.JSONField(
        default=list, blank=True, help_text="codes of the plans an add-on goes with"
    )
    phases_from = models.CharField(
        max_length=12,
        choices=PhasesFrom.choices,
        default=PhasesFrom.OWN,
        help_text="from where the phases of an add-on are counted",
    )
    includes = models.JSONField(
        default=dict, blank=True, help_text="codes of add-ons that come with it"
    )
    refuses = models.JSONField(
        default=list, blank=True, help_text="codes of plans it can not change to"
    )
    state = models.CharField(
        max_length=10, choices=PlanState.choices, default=PlanState.ON_SALE
    )
    name = models.CharField(max_length=60)
    summary = models.CharField(max_length=200, blank=True)
    price = models.BigIntegerField(help_text="minor units")
    currency = models.CharField(max_length=3)
    interval = models.CharField(
        max_length=10, choices=[(i.value, i.value) for i in Interval]
    )
    interval_count = models.PositiveSmallIntegerField(default=1)
    trial_days = models.PositiveSmallIntegerField(default=0)
    isolation = models.CharField(
        max_length=10, choices=Isolation.choices, help_text="unless another is chosen"
    )
    isolations = models.JSONField(default=list, help_text="that can be chosen")
    moves = models.JSONField(
        default=list, blank=True, help_text="between isolation models, later on"
    )
    cloud = models.CharField(max_length=20, default="local")
    regions = models.JSONField(help_text="the first is the default")
    size = models.CharField(
        max_length=20, default="small", help_text="unless another is chosen"
    )
    sizes = models.JSONField(default=list, help_text="of the stack, to choose from")
    retention_days = models.PositiveIntegerField(
        default=30, help_text="data is kept after the end"
    )
    backup_days = models.PositiveIntegerField(default=30, help_text="a backup is kept")
    features = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    metered = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = models.Manager.from_queryset(Plans)()

    class Meta:
        ordering = ["price", "code", "-version"]
        permissions = [
            ("retire_plan", "Can take a plan off sale"),
            ("start_sale", "Can begin to sell a version whose day has come"),
            ("migrate_plan", "Can let subscriptions have a later version"),
            ("import_plans", "Can replace the catalogue by a file"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="plan_version"),
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(state="on_sale"),
                name="one_version_on_sale",
            ),
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="plan_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"

    @property
    def every(self) -> Every:
        """How long one period is."""
        return Every(Interval(self.interval), self.interval_count)

    @property
    def free(self) -> bool:
        """Whether nothing that it bills in its currency ever costs anything.

        Seats and usage count as the base fee does, whatever the first period comes to.
        """
        billed = (row for row in self.prices.all() if row.currency == self.currency)
        return self.price == 0 and all(row.free for row in billed)
