"""What a plan costs: one row for each thing that is billed. Rows never change."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from pydantic import TypeAdapter

from billing.models.plans import Plan
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Interval
from billing.rating.phases import Kind, Phase
from billing.states import PriceKind, Timing
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible

CARD = TypeAdapter[Any](RateCard)
PHASES = TypeAdapter[Any](tuple[Phase, ...])


class Prices(Visible["Price"]):
    """As public as the plan that they are of."""

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(plan__in=Plan.objects.visible_to(actor))


class Price(models.Model):
    """A fee, seats, or usage of a meter, in one currency.

    ``card`` is a ``RateCard`` as JSON, in major units. ``phases`` replace it for a time
    at the beginning: a list of ``rating.phases.Phase``, the last of which goes on.
    ``timing`` says whether a period is billed when it begins or when it is over; usage
    is always billed when it is over.
    """

    public_id = PublicId("prc")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    code = models.SlugField(max_length=40, help_text="the same in every version")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=PriceKind.choices)
    currency = models.CharField(max_length=3)
    card = models.JSONField()
    phases = models.JSONField(default=list, blank=True)
    timing = models.CharField(
        max_length=10, choices=Timing.choices, default=Timing.ADVANCE
    )
    interval = models.CharField(
        max_length=10, choices=[(i.value, i.value) for i in Interval]
    )
    interval_count = models.PositiveSmallIntegerField(default=1)
    meter = models.CharField(
        max_length=40, blank=True, help_text="code of the meter, for usage"
    )
    position = models.PositiveSmallIntegerField(default=0)
    tax_class = models.CharField(max_length=20, default="standard")
    tax_included = models.BooleanField(
        default=False, help_text="the price contains the tax"
    )

    objects = models.Manager.from_queryset(Prices)()

    class Meta:
        ordering = ["plan", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "code", "currency"], name="price_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="usage") ^ models.Q(meter=""),
                name="usage_has_a_meter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.code}/{self.code} {self.currency}"

    @property
    def every(self) -> Every:
        """How often it is billed; a year's plan may have usage billed by the month."""
        return Every(Interval(self.interval), self.interval_count)

    @property
    def rate_card(self) -> RateCard:
        """The card as rating takes it."""
        card: RateCard = CARD.validate_python(self.card)
        return card

    @property
    def free(self) -> bool:
        """Whether nothing is ever due by it, in any phase."""
        return all(phase.card.free for phase in self.phased)

    @property
    def phased(self) -> tuple[Phase, ...]:
        """Its phases; one that goes on for ever where the card never changes."""
        if not self.phases:
            return (Phase(Kind.EVERGREEN, self.rate_card),)
        phases: tuple[Phase, ...] = PHASES.validate_python(self.phases)
        return phases
