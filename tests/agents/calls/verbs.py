"""Small verbs of the shop that agents may use, to see what a call is held to.

They are taken out of the registry again: no door of the product offers them.
"""

from __future__ import annotations

from django.db.models import F
from pydantic import Field

from examples.storefront.models import Customer, Product, Variant
from paybill_site.kernel import acts
from paybill_site.kernel.actions import Action, Input, NoInput, registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Refused


class TextInput(Input):
    text: str = Field(max_length=2000)


class Note(Action[Product, TextInput, Product]):
    """Describe a product."""

    model = Product
    Input = TextInput
    permission = "storefront.change_product"
    agents = True

    def run(self, product: Product, data: TextInput, *, actor: Actor) -> Product:
        product.description = data.text
        product.save(update_fields=["description"])
        return product


class StockInput(Input):
    pieces: int = Field(ge=-100, le=100)
    price: int = Field(0, ge=0, le=10_000)


class Stock(Action[Product, StockInput, Product]):
    """Add pieces to every variant of a product; may break every rule there is."""

    model = Product
    Input = StockInput
    permission = "storefront.change_product"
    agents = True
    most_rows = 3
    spends = True

    def run(self, product: Product, data: StockInput, *, actor: Actor) -> Product:
        if data.pieces == 13:
            raise Refused("not this number", rule="taste")
        variants = Variant.objects.filter(product=product)
        variants.update(stock=F("stock") + data.pieces)  # a check refuses less than 0
        if data.price:
            variants.update(price_minor=data.price)
            acts.spend(data.price, "EUR")
        return product


class Drop(Action[Product, NoInput, Product]):
    """Delete a product with its variants."""

    model = Product
    permission = "storefront.change_product"
    agents = True

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        shown = Product(pk=product.pk, public_id=product.public_id)
        product.delete()
        return shown


class Register(Action[None, TextInput, Customer]):
    """Add a customer; two with one address are refused by the database."""

    model = Customer
    Input = TextInput
    permission = "storefront.add_customer"
    agents = True
    creates = True

    def run(self, target: None, data: TextInput, *, actor: Actor) -> Customer:
        return Customer.objects.create(name=data.text, email=data.text)


VERBS = (Note, Stock, Drop, Register)
for _verb in VERBS:
    registry.pop(_verb.name)
