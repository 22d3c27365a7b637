"""Rates of tax: rows that operators keep, with the day from which each holds."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.states import TaxPayer
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class TaxRate(models.Model):
    """So many percent in a country (or a region of it), for a class of products.

    Of the rates of one ``name`` the one for the region counts before the country's, the
    one for this kind of customer before that for any, and the latest ``valid_from``
    before earlier ones. Rates of different names add up. What an invoice was taxed by
    is kept on its lines, so a change here changes no invoice.
    """

    public_id = PublicId("txr")
    country = models.CharField(max_length=2, help_text="ISO 3166")
    region = models.CharField(
        max_length=10, blank=True, help_text="ISO 3166-2; empty: the whole country"
    )
    tax_class = models.CharField(max_length=20, default="standard")
    payer = models.CharField(
        max_length=10, choices=TaxPayer.choices, default=TaxPayer.ANY
    )
    name = models.CharField(max_length=30, help_text="as it stands on the invoice")
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    valid_from = models.DateField()
    valid_until = models.DateField(
        null=True, blank=True, help_text="the first day on which it does not hold"
    )
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["country", "region", "tax_class", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "country",
                    "region",
                    "tax_class",
                    "payer",
                    "name",
                    "valid_from",
                ],
                name="tax_rate_once",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="tax_rate_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.country}-{self.region}" if self.region else self.country
        return f"{place} {self.name} {self.percent.normalize():f}%"
