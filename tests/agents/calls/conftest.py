"""An agent that may change products, one by one and all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from agents.models import Agent, Limit
from agents.states import Measure, Per
from examples.storefront.models import Product, Variant
from paybill_site.kernel.actions import registry
from paybill_site.kernel.actors import Actor, Kind
from tests.agents.calls.verbs import VERBS
from tests.agents.conftest import Enter, Grant

CHANGE, SEE = "storefront.change_product", "storefront.view_product"
MAKE = "storefront.add_customer"

type SetLimit = Callable[..., Limit]


@pytest.fixture
def shopkeeper(shopkeeper: Actor) -> Actor:
    """Who may also change products."""
    return replace(shopkeeper, grants=shopkeeper.grants | {CHANGE, SEE, MAKE})


@pytest.fixture
def offered() -> Iterator[None]:
    """The verbs of these tests are tools meanwhile."""
    for verb in VERBS:
        registry[verb.name] = verb
    yield
    for verb in VERBS:
        registry.pop(verb.name)


@pytest.fixture
def chair(licensed: Any) -> Product:
    """A product with three variants, five pieces of each."""
    product = Product.objects.create(name="Chair")
    for size in ("S", "M", "L"):
        Variant.objects.create(
            product=product, sku=f"c-{size}", name=size, price_minor=100, stock=5
        )
    return product


@pytest.fixture
def worker(offered: None, grant: Grant, enter: Enter, chair: Product) -> Actor:
    """The agent, which may see and change every product and add customers."""
    for permission in (CHANGE, SEE, MAKE):
        grant(permission)
    return enter(CHANGE, SEE, MAKE)


@pytest.fixture
def limited(helper: Agent) -> SetLimit:
    """``limited(3, "calls", ...)`` sets a limit of the helper."""

    def to(most: int, measure: str = "calls", **more: Any) -> Limit:
        fields = {"agent": helper, "per": Per.AGENT, "made_by": "t", **more}
        return Limit.objects.create(most=most, measure=Measure(measure), **fields)

    return to


def stranger() -> Actor:
    return Actor(kind=Kind.AGENT, id="agt_00000000000000000000000000", label="other")
