"""An agent that may do everything, and declarations that last as long as a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Permission

from agents.models import Agent
from agents.tools import catalogue
from examples.storefront.models import Customer, Order
from paybill_site.kernel import actions, declarations, grants
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Declaration, ModelTools
from tests.agents.conftest import Enter
from tests.agents.tools.world import World

# Guards of fields; they are permissions of the shop that no tool needs otherwise.
SEE_EMAIL, WRITE_CITY = "storefront.delete_customer", "storefront.delete_product"
SEE, CHANGE = "storefront.view_customer", "storefront.change_customer"

type Allow = Callable[..., Actor]


def permissions(*names: str) -> list[Permission]:
    """The rows of these permissions."""
    return [
        Permission.objects.get(content_type__app_label=app, codename=codename)
        for app, _, codename in (name.partition(".") for name in names)
    ]


@pytest.fixture
def allow(helper: Agent, enter: Enter) -> Allow:
    """The agent as it comes in with just these permissions, on every row."""

    def held(*names: str) -> Actor:
        helper.principal.user_permissions.set(permissions(*names))
        return enter(*names)

    return held


@pytest.fixture
def everything(orders: list[Order], allow: Allow) -> Actor:
    """The agent, which may use every tool on every row."""
    return allow(*sorted(catalogue.grantable()))


@pytest.fixture
def customers() -> Iterator[Declaration]:
    """Customers with an e-mail address that not everybody reads, and an update."""
    # What it shows the agents' role is part of the version of a plane.
    registries = (declarations.registry, actions.registry, grants._exposed)
    before = [dict(registry) for registry in registries]

    class CustomerTools(ModelTools):
        model = Customer
        fields = ("name", "email", "city", "postcode")
        filters = ("name", "email", "city")
        ordering = ("name", "email")
        search = ("name", "email")
        writable = ("name", "email", "city")
        guarded = {"email": SEE_EMAIL}
        guarded_writes = {"city": WRITE_CITY}
        sensitive = ("email",)
        parts = {"payment_methods": ("kind", "last_four")}

    yield CustomerTools
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()  # type: ignore[attr-defined]
        registry.update(kept)  # type: ignore[attr-defined]


@pytest.fixture
def world(customers: Declaration, everything: Actor, helper: Agent) -> World:
    """A shop in which every tool has something to do."""
    return World(everything, helper)
