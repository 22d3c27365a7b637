"""A small workflow on the shop's products, and an agent that may take its steps.

Its verbs stand in no registry but while a test asks for them: no door of the product
offers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import Field

from agents.actions import CreateAgent, GrantAccess
from agents.auth import actor_of
from agents.dispatch import Answer, call
from agents.models import Agent, Approval, WorkflowRun
from examples.storefront.models import Order, Product
from paybill_site.kernel import actions, workflows
from paybill_site.kernel.actions import Action, Danger, Input, NoInput, perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Refused
from paybill_site.kernel.events import Event, emit
from paybill_site.kernel.workflows import By, Guard, Moment, Step, Workflow
from tests.agents.conftest import issue

READ, CHANGE = "storefront.view_product", "storefront.change_product"
ISSUER = "usr_00000000000000000000issuer"


class ProductDescribed(Event):
    """A product has another description."""

    product: str


# The frame's own events are left out of what people are shown.
ProductDescribed.name = "shop.product_described"


class TextInput(Input):
    text: str = Field("", max_length=200)


class NameInput(Input):
    name: str = Field(min_length=1, max_length=60)
    secret: str = Field("", max_length=60, json_schema_extra={"sensitive": True})


def _describe(product: Product, text: str) -> None:
    product.description = text
    product.save(update_fields=["description"])
    emit(ProductDescribed(product=product.public_id))


class Describe(Action[Product, TextInput, Product]):
    """Give a product another description."""

    model = Product
    Input = TextInput
    permission = CHANGE

    def run(self, product: Product, data: TextInput, *, actor: Actor) -> Product:
        product.was = product.description  # type: ignore[attr-defined]
        if data.text == "impossible":
            raise Refused("nobody writes that", rule="taste")
        _describe(product, data.text)
        return product

    def present(self, result: Product) -> dict[str, Any]:
        return {"id": result.public_id, "old": getattr(result, "was", "")}


class Redescribe(Action[Product, TextInput, Product]):
    """Give a product the description that it had."""

    model = Product
    Input = TextInput
    permission = CHANGE

    def run(self, product: Product, data: TextInput, *, actor: Actor) -> Product:
        if product.name == "Stubborn":
            raise Refused("it stays as it is")
        _describe(product, data.text)
        return product


class Copy(Action[Product, NameInput, Product]):
    """Make another product like this one."""

    model = Product
    Input = NameInput
    permission = CHANGE

    def run(self, product: Product, data: NameInput, *, actor: Actor) -> Product:
        like = Product.objects.filter(name="Table").first() or product
        made = Product.objects.create(name=data.name, description=like.description)
        emit(ProductDescribed(product=made.public_id))
        return made

    def present(self, result: Product) -> dict[str, Any]:
        return {"id": result.public_id, "name": result.name}


class Uncopy(Action[Product, NoInput, Product]):
    """Take a product away that was made like another one."""

    model = Product
    permission = CHANGE

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        product.active = False
        product.save(update_fields=["active"])
        return product


class Retire(Action[Product, NoInput, Product]):
    """Take a product out of the shop for good."""

    model = Product
    permission = CHANGE
    danger = Danger.DESTRUCTIVE
    agents = True

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        product.active = False
        product.save(update_fields=["active"])
        return product


class Stamp(Action[Product, NoInput, Product]):
    """Write under a product's description that it was looked at."""

    model = Product
    permission = CHANGE

    def run(self, product: Product, data: NoInput, *, actor: Actor) -> Product:
        _describe(product, f"{product.description} (seen)")
        return product


def is_active(moment: Moment) -> bool:
    return bool(moment.subject.active)


def is_other(moment: Moment) -> bool:
    return bool(moment.target.description != moment.data.text)


def is_long(moment: Moment) -> bool:
    return len(moment.data.text) >= 3


def dear(moment: Moment) -> str:
    return "copies are dear" if moment.data.name.startswith("Dear") else ""


def _old_text(output: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": output["old"]}


class Listing(Workflow):
    """Bring a product into the shop."""

    model = Product
    states = {
        "new": {"described"},
        "described": {"copied"},
        "copied": {"seen"},
        "seen": {"retired"},
        "retired": set(),
    }
    guards = (Guard("active", "only what is in the shop", is_active),)
    steps = (
        Step(
            "describe",
            Describe,
            at=("new", "described"),
            to="described",
            guards=(
                Guard("other", "it says so already", is_other),
                Guard("long", "say a little more", is_long),
            ),
            undo=Redescribe,
            undo_input=_old_text,
        ),
        Step(
            "copy",
            Copy,
            at=("described",),
            to="copied",
            approval=dear,
            within=timedelta(hours=1),
            undo=Redescribe,
            undo_input=lambda output: {"text": "was copied"},
        ),
        Step(
            "stamp",
            Stamp,
            at=("copied",),
            to="seen",
            by=frozenset({By.SYSTEM}),
            take=lambda passed: {},
        ),
        Step("retire", Retire, at=("seen",), to="retired"),
    )
    within = timedelta(days=1)


VERBS = (Describe, Redescribe, Copy, Uncopy, Retire, Stamp, Listing.start)


def _withdraw() -> None:
    for verb in VERBS:
        actions.registry.pop(verb.name, None)
        workflows.bound.pop(verb, None)
    workflows.registry.pop(Listing.name, None)


def register() -> None:
    for verb in VERBS:
        actions.registry[verb.name] = verb
    workflows.registry[Listing.name] = Listing
    for step in Listing.steps:
        workflows.bound[step.action] = {Listing.name}


_withdraw()


@pytest.fixture
def listing() -> Iterator[type[Listing]]:
    """The workflow, while a test runs."""
    register()
    yield Listing
    _withdraw()


@pytest.fixture
def keeper(listing: type[Listing], shopkeeper: Actor) -> Actor:
    """Somebody who may do everything with products, runs and approvals."""
    more = {
        READ, CHANGE, "agents.view_workflowrun", "agents.cancel_workflowrun",
        "agents.retry_workflowrun", "agents.view_approval", "agents.decide_approval",
        "agents.revoke_approval",
    }  # fmt: skip
    return replace(shopkeeper, grants=shopkeeper.grants | more)


@pytest.fixture
def product(orders: list[Order]) -> Product:
    return Product.objects.create(name="Chair", description="A chair")


@pytest.fixture
def other(product: Product) -> Product:
    return Product.objects.create(name="Table", description="A table")


def _let_in(agent: Agent, keeper: Actor, *products: Product) -> Actor:
    for permission in (READ, CHANGE):
        ids = [product.public_id for product in products]
        rows = {"permission": permission, "objects": ids}
        perform(GrantAccess, agent, rows, actor=keeper)
    # Whoever issues a token could ask by it, and so does not decide.
    issuer = replace(keeper, id=ISSUER)
    return actor_of(issue(agent, issuer, READ, CHANGE).secret)[0]


@pytest.fixture
def clerk(helper: Agent, keeper: Actor, product: Product, other: Product) -> Actor:
    """The agent, which may see and change two products."""
    return _let_in(helper, keeper, product, other)


@pytest.fixture
def rival(keeper: Actor, product: Product, other: Product) -> Actor:
    """Another agent, which may do the same."""
    agent = perform(CreateAgent, None, {"name": "Rival"}, actor=keeper).result
    return _let_in(agent, keeper, product, other)


def person(name: str, *permissions: str) -> Actor:
    """Somebody else, who may do just this."""
    public_id = f"usr_{name:0>26}"
    return Actor(
        kind=Kind.PERSON, id=public_id, label=name, grants=frozenset(permissions)
    )


def started(actor: Actor, product: Product, key: str = "start") -> WorkflowRun:
    """A run that the actor opened."""
    done = call(actor, "start_listing", {"id": product.public_id}, key=key)
    return WorkflowRun.objects.get(public_id=done.result["id"])


def take(
    actor: Actor, step: str, run: WorkflowRun, key: str = "", **more: Any
) -> Answer:
    """The step, as an agent takes it."""
    again = {name: more.pop(name) for name in ("dry_run", "approval") if name in more}
    arguments = {"run": run.public_id, **more}
    return call(actor, step, arguments, key=key or f"key-{step}", **again)


def describe(actor: Actor, run: WorkflowRun, text: str = "A good chair") -> Answer:
    return take(
        actor, "describe", run, key=f"describe-{text}"[:60].replace(" ", "-"), text=text
    )


def asked(actor: Actor, run: WorkflowRun, name: str = "Dear chair") -> Approval:
    """What waits for a person after the agent wanted to copy."""
    answer = take(actor, "copy", run, key=f"copy-{name}".replace(" ", "-"), name=name)
    assert answer.result == {}
    return Approval.objects.get(public_id=answer.approval)
