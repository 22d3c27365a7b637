"""Small verbs on the shop's products, to see what every action gets from ``perform``.

They are taken out of the registry again: no door of the product offers them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connections
from pydantic import Field

from examples.storefront.models import Product
from paybill_site.kernel import planes
from paybill_site.kernel.actions import (
    Action,
    Danger,
    Input,
    NoInput,
    perform,
    registry,
)
from paybill_site.kernel.actors import Actor, system
from paybill_site.kernel.errors import Refused
from paybill_site.kernel.events import Event, emit

PERMISSIONS = (
    "storefront.view_product",
    "storefront.change_product",
    "storefront.add_product",
    "storefront.delete_product",
)
SELLER = system("tests", *PERMISSIONS)


class ProductRenamed(Event):
    """A product has another name."""

    product: str
    tenant: str = ""


class ProductSold(Event):
    """The control plane may hear of this one."""

    from_tenants: ClassVar[bool] = True

    tenant: str


class NameInput(Input):
    name: str = Field(min_length=1, max_length=120)
    note: str = Field("", max_length=200, json_schema_extra={"sensitive": True})


class Rename(Action[Product, NameInput, Product]):
    """Give a product another name."""

    model = Product
    Input = NameInput
    permission = "storefront.change_product"

    def run(self, product: Product, data: NameInput, *, actor: Actor) -> Product:
        if data.name == "forbidden":
            raise Refused("this is no name", rule="taste")
        product.name = data.name
        product.save(update_fields=["name"])
        emit(
            ProductRenamed(product=product.public_id, tenant=planes.here().tenant or "")
        )
        return product


class Make(Action[None, NameInput, Product]):
    """Make a product."""

    model = Product
    Input = NameInput
    permission = "storefront.add_product"
    creates = True

    def run(self, target: None, data: NameInput, *, actor: Actor) -> Product:
        return Product.objects.create(name=data.name)


class Discard(Action[Product, NoInput, Product]):
    """Delete a product."""

    model = Product
    permission = "storefront.delete_product"
    danger = Danger.DESTRUCTIVE

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        product.delete()
        return product


class Crash(Action[Product, NoInput, Product]):
    """Change a product and break."""

    model = Product
    permission = "storefront.change_product"

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        Product.objects.update(name="half done")
        raise ZeroDivisionError


class Nest(Action[Product, NoInput, Product]):
    """Call another action, which is never done."""

    model = Product
    permission = "storefront.change_product"

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        perform(Rename, product, {"name": "inner"}, actor=actor)
        return product


for _verb in (Rename, Make, Discard, Crash, Nest):
    registry.pop(_verb.name)


def in_thread(place: planes.Place, work: Any) -> Any:
    """Run ``work`` in a plane in this (new) thread, and leave no connection behind."""
    try:
        with planes.plane(place):
            return work()
    finally:
        connections.close_all()
