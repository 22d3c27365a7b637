"""How customers, what they pay with, and products come into the shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

from examples.storefront import errors
from examples.storefront.models import Customer, PaymentMethod, Product, Variant
from examples.storefront.states import MethodKind
from paybill_site.kernel import limits, planes
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor

# Left out of the audit trail, which is never erased.
PERSONAL: JsonDict = {"sensitive": True}


class CustomerInput(Input):
    name: str = Field(
        min_length=1, max_length=120, title="Name", json_schema_extra=PERSONAL
    )
    email: str = Field(
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        title="E-mail",
        json_schema_extra=PERSONAL,
    )
    line1: str = Field(
        "", max_length=120, title="Street and number", json_schema_extra=PERSONAL
    )
    line2: str = Field(
        "", max_length=120, title="More of the address", json_schema_extra=PERSONAL
    )
    city: str = Field("", max_length=80, title="City", json_schema_extra=PERSONAL)
    region: str = Field("", max_length=80, title="State or province")
    postcode: str = Field(
        "", max_length=20, title="Postcode", json_schema_extra=PERSONAL
    )
    country: str = Field("", pattern="^([A-Z]{2})?$", title="Country (ISO 3166-1)")


class AddCustomer(Action[None, CustomerInput, Customer]):
    """Add a customer to the shop."""

    model = Customer
    Input = CustomerInput
    permission = "storefront.add_customer"
    creates = True

    def run(self, target: None, data: CustomerInput, *, actor: Actor) -> Customer:
        first, _, last = data.name.rpartition(" ")
        return Customer.objects.create(
            **data.model_dump(),
            first_name=(first or last)[:60].strip(),
            last_name=(last if first else "")[:60],
        )


class MethodInput(Input):
    kind: MethodKind = Field(title="Kind")
    brand: str = Field("", max_length=30, title="Brand of a credit card")
    last_four: str = Field("", pattern=r"^(\d{4})?$", title="Its last four digits")
    balance_minor: int = Field(
        0, ge=0, le=10**12, title="Balance of a gift card in minor units"
    )
    currency: str = Field("", pattern="^([A-Z]{3})?$", title="Its currency (ISO 4217)")


class AddPaymentMethod(Action[Customer, MethodInput, PaymentMethod]):
    """Add a way in which a customer pays."""

    model = Customer
    Input = MethodInput
    permission = "storefront.add_paymentmethod"

    def run(
        self, customer: Customer, data: MethodInput, *, actor: Actor
    ) -> PaymentMethod:
        is_card = data.kind is MethodKind.GIFT_CARD
        if is_card != bool(data.currency) or (data.balance_minor and not is_card):
            raise errors.NotAGiftCard
        given = data.model_dump(exclude={"balance_minor"})
        balance = data.balance_minor if is_card else None
        return PaymentMethod.objects.create(
            customer=customer, balance_minor=balance, **given
        )

    def recall(self, output: Mapping[str, Any]) -> PaymentMethod | None:
        return PaymentMethod.objects.filter(public_id=output["id"]).first()


class ProductInput(Input):
    name: str = Field(min_length=1, max_length=120, title="Name")
    description: str = Field("", max_length=2000, title="Description")
    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$", title="Article number")
    price_minor: int = Field(ge=0, le=10**12, title="Price in minor units")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$", title="Currency (ISO 4217)")
    stock: int = Field(0, ge=0, le=10**6, title="In stock")


class AddProduct(Action[None, ProductInput, Product]):
    """Add a product with its first variant."""

    model = Product
    Input = ProductInput
    permission = "storefront.add_product"
    creates = True

    def run(self, target: None, data: ProductInput, *, actor: Actor) -> Product:
        within_licence("products", Product.objects.count())
        product = Product.objects.create(name=data.name, description=data.description)
        priced = data.model_dump(include={"sku", "price_minor", "currency", "stock"})
        Variant.objects.create(product=product, name="Standard", **priced)
        return product


Word = Annotated[str, Field(min_length=1, max_length=40)]


class VariantInput(Input):
    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$", title="Article number")
    name: str = Field(min_length=1, max_length=120, title="Name")
    options: dict[Word, Word] = Field(
        {}, max_length=10, title="Options", description="such as size and colour"
    )
    price_minor: int = Field(ge=0, le=10**12, title="Price in minor units")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$", title="Currency (ISO 4217)")
    stock: int = Field(0, ge=0, le=10**6, title="In stock")


class AddVariant(Action[Product, VariantInput, Variant]):
    """Add a variant to a product, which differs from the others in some option."""

    model = Product
    Input = VariantInput
    permission = "storefront.add_variant"

    def run(self, product: Product, data: VariantInput, *, actor: Actor) -> Variant:
        return Variant.objects.create(product=product, **data.model_dump())

    def recall(self, output: Mapping[str, Any]) -> Variant | None:
        return Variant.objects.filter(public_id=output["id"]).first()


def within_licence(name: str, used: int) -> None:
    """Raises LimitReached when the tenant's licence allows no more than ``used``."""
    limits.within(limits.terms(planes.here().tenant), name, used)
