"""Verbs on whom invoices are for: name, address, and what their tax depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import Field, field_validator, model_validator

from billing import countries, customers
from billing.models import Customer
from billing.taxing import numbers
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from tenants.models import Account


class BillingDetails(Input):
    """Whom invoices are for. A VAT number is checked at once, offline."""

    name: str = Field(min_length=1, max_length=120, title="Name or company")
    email: str = Field(default="", max_length=254, description="invoices go here")
    street: str = Field(default="", max_length=200, title="Street and number")
    postcode: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=100)
    country: str = Field(min_length=2, max_length=2, description="ISO 3166")
    business: bool = Field(default=False, title="This is a business")
    vat_number: str = Field(
        default="",
        max_length=20,
        title="VAT number",
        description="of a business in the European Union",
    )

    @field_validator("country")
    @classmethod
    def known(cls, country: str) -> str:
        if country.upper() not in countries.names():
            raise ValueError("choose a country")
        return country.upper()

    @field_validator("email")
    @classmethod
    def deliverable(cls, email: str) -> str:
        try:
            if email:
                validate_email(email)
        except ValidationError as error:
            raise ValueError("this is no e-mail address") from error
        return email

    @field_validator("vat_number")
    @classmethod
    def tidy(cls, number: str) -> str:
        return numbers.tidy(number)

    @model_validator(mode="after")
    def fits(self) -> Self:
        if not self.vat_number:
            return self
        if not self.business:
            raise ValueError("only a business has a VAT number: say that this is one")
        if not numbers.checked(self.vat_number, self.country):
            expected = numbers.prefix_of(self.country)
            raise ValueError(
                "this is no VAT number of the country: it begins with"
                f" {expected}, and its check digits have to be right"
            )
        return self


class SetBillingDetails(Action[Account, BillingDetails, Customer]):
    """Say whom invoices are for. Those that are written already stay as they are."""

    model = Account
    Input = BillingDetails
    permission = "billing.change_customer"

    def run(self, target: Account, data: BillingDetails, *, actor: Actor) -> Customer:
        customer = customers.of(target)
        for name, value in data.model_dump().items():
            setattr(customer, name, value)
        customer.save(update_fields=list(type(data).model_fields))
        return customer

    def recall(self, output: Mapping[str, Any]) -> Customer | None:
        return Customer.objects.filter(public_id=output.get("id")).first()
