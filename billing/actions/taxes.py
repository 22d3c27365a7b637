"""Verbs on rates of tax. A rate is ended and followed by another, never edited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import IntegrityError
from pydantic import Field, field_validator

from billing.errors import RateThere
from billing.models import TaxRate
from billing.states import TaxPayer
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.planes import atomic


class RateInput(Input):
    country: str = Field(pattern=r"^[A-Za-z]{2}$", description="ISO 3166")
    region: str = Field(default="", max_length=10, description="ISO 3166-2, if not all")
    tax_class: str = Field(
        default="standard", pattern=r"^[a-z][a-z0-9_-]{0,19}$", title="Tax class"
    )
    payer: TaxPayer = TaxPayer.ANY
    name: str = Field(min_length=1, max_length=30, description="as invoices name it")
    percent: Decimal = Field(ge=0, le=100, decimal_places=4)
    valid_from: date
    source: str = Field(default="", max_length=200)

    @field_validator("country", "region")
    @classmethod
    def capital(cls, code: str) -> str:
        return code.upper()


class AddTaxRate(Action[None, RateInput, TaxRate]):
    """Add a rate of tax. Of one name the nearest and latest holds; names add up."""

    model = TaxRate
    Input = RateInput
    permission = "billing.add_taxrate"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: RateInput, *, actor: Actor) -> TaxRate:
        try:
            with atomic():
                return TaxRate.objects.create(**data.model_dump())
        except IntegrityError as error:
            raise RateThere from error


class LastDay(Input):
    until: date = Field(description="the first day on which it does not hold")


class EndTaxRate(Action[TaxRate, LastDay, TaxRate]):
    """End a rate of tax. Invoices keep the rates that they were made by."""

    model = TaxRate
    Input = LastDay
    permission = "billing.change_taxrate"
    danger = Danger.CAREFUL

    def run(self, target: TaxRate, data: LastDay, *, actor: Actor) -> TaxRate:
        if data.until < target.valid_from:
            raise Invalid("a rate does not end before it begins")
        target.valid_until = data.until
        target.save(update_fields=["valid_until"])
        return target
