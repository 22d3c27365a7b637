"""A shop in which every tool has something to do, and what each of them is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from django.apps import apps
from django.utils import timezone

from agents.dispatch import call
from agents.models import Agent, Approval
from examples.storefront.actions import (
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
    ReceiveReturn,
)
from examples.storefront.models import Customer, Order, PaymentMethod, Variant
from examples.storefront.seed import SEED
from examples.storefront.states import MethodKind
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind

ADDRESS = {
    "line1": "Via Roma 1", "line2": "", "city": "Rome", "region": "",
    "postcode": "00100", "country": "IT",
}  # fmt: skip
KEYS = count()
RECEIVER = Actor(
    kind=Kind.PERSON,
    id="usr_00000000000000000000receiv",
    label="receiver@example.com",
    grants=frozenset({"storefront.view_order", "storefront.receive_return"}),
)

type Arguments = dict[str, Any]


def key() -> str:
    return f"world-{next(KEYS)}"


@dataclass
class World:
    """The shop, and the agent that may use every tool on it."""

    actor: Actor
    agent: Agent
    customer: Customer = field(init=False)
    card: PaymentMethod = field(init=False)
    gift: PaymentMethod = field(init=False)
    old: Variant = field(init=False)
    new: Variant = field(init=False)

    def __post_init__(self) -> None:
        self.customer = Customer.objects.get(email="ada@example.com")
        methods = self.customer.payment_methods
        self.card = methods.create(kind=MethodKind.CREDIT_CARD, last_four="4242")
        self.gift = methods.create(
            kind=MethodKind.GIFT_CARD, balance_minor=10**6, currency="EUR"
        )
        self.old = Variant.objects.get(sku="MUG-35")
        self.new = Variant.objects.create(
            product=self.old.product,
            sku="MUG-50",
            name="Large",
            options={"size": "L"},
            price_minor=2_650,
            currency="EUR",
            stock=20,
        )

    def pending(self) -> Order:
        """A new order, paid by card."""
        data = {
            "customer": self.customer.public_id,
            "lines": [{"variant": self.old.public_id, "quantity": 1}],
            "payment_method": self.card.public_id,
        }
        order: Order = perform(PlaceOrder, None, data, actor=SEED).result
        return order

    def delivered(self) -> Order:
        order = self.pending()
        for action in (DispatchOrder, DeliverOrder):
            perform(action, order, actor=SEED)
        return order

    def run(self, flow: str, subject: Any) -> str:
        """The id of a run that the agent opened."""
        arguments = {"id": subject.public_id}
        return str(call(self.actor, f"start_{flow}", arguments, key=key()).result["id"])

    def step(self, flow: str, subject: Any, **said: Any) -> Arguments:
        return {"run": self.run(flow, subject), **said}

    def swap(self, flow: str, order: Order) -> Arguments:
        return self.step(
            flow,
            order,
            items=[self.old.public_id],
            new_items=[self.new.public_id],
            payment_method=self.gift.public_id,
        )

    def return_of(self, order: Order) -> Arguments:
        return self.step(
            "item_return",
            order,
            items=[self.old.public_id],
            payment_method=self.gift.public_id,
        )

    def returned(self) -> Arguments:
        """A run in which the items have come back, for its next step."""
        order = self.delivered()
        asked = self.return_of(order)
        call(self.actor, "return_order_items", asked, key=key())
        perform(ReceiveReturn, order, actor=RECEIVER)
        return {"run": asked["run"]}

    def approval(self) -> Approval:
        return Approval.objects.create(
            agent=self.agent,
            tool="cancel_order",
            digest=key().rjust(64, "0"),
            asked_by=self.agent.public_id,
            expires_at=timezone.now() + timedelta(hours=1),
        )


# A tool that acts stands here with what it is asked, or a test fails.
ACTS: dict[str, Callable[[World], Arguments]] = {
    "cancel_order": lambda w: {
        "id": w.pending().public_id, "reason": "ordered_by_mistake",
    },
    "cancel_pending_order": lambda w: w.step(
        "cancellation", w.pending(), reason="ordered_by_mistake"
    ),
    "cancel_workflow_run": lambda w: {"id": w.run("cancellation", w.pending())},
    "exchange_order_items": lambda w: w.swap("item_exchange", w.delivered()),
    "modify_customer_address": lambda w: w.step("move", w.customer, **ADDRESS),
    "modify_order_address": lambda w: w.step("address_change", w.pending(), **ADDRESS),
    "modify_order_items": lambda w: w.swap("item_change", w.pending()),
    "modify_order_payment": lambda w: w.step(
        "payment_change", w.pending(), payment_method=w.gift.public_id
    ),
    "refund_order": lambda w: w.step(
        "refund_request", w.delivered(), amount_minor=100, reason="scratched"
    ),
    "refund_return": lambda w: w.returned(),
    "return_order_items": lambda w: w.return_of(w.delivered()),
    "start_address_change": lambda w: {"id": w.pending().public_id},
    "start_cancellation": lambda w: {"id": w.pending().public_id},
    "start_item_change": lambda w: {"id": w.pending().public_id},
    "start_item_exchange": lambda w: {"id": w.delivered().public_id},
    "start_item_return": lambda w: {"id": w.delivered().public_id},
    "start_move": lambda w: {"id": w.customer.public_id},
    "start_payment_change": lambda w: {"id": w.pending().public_id},
    "start_refund_request": lambda w: {"id": w.delivered().public_id},
    "update_customer": lambda w: {"id": w.customer.public_id, "city": "Turku"},
    "update_product": lambda w: {"id": w.old.product.public_id, "active": False},
    "withdraw_approval": lambda w: {"id": w.approval().public_id},
}  # fmt: skip


type Rows = dict[str, dict[str, Any]]


def rows() -> Rows:
    """Every row of the shop, and of the agents' runs and approvals, by name."""
    found: Rows = {}
    models = [*apps.get_app_config("storefront").get_models()]
    models += [apps.get_model("agents", n) for n in ("WorkflowRun", "Approval")]
    for model in models:
        kept: Any = model._base_manager
        for row in kept.values():
            found[f"{model._meta.label_lower}:{row['id']}"] = row
    return found


def overwritten(before: Rows, after: Rows) -> set[str]:
    """What of existing rows is another now: ``storefront.order.state``, or the row."""
    found = set()
    for name, row in before.items():
        label = name.partition(":")[0]
        if name not in after:
            found.add(name)
        else:
            now = after[name]
            found |= {f"{label}.{field}" for field in row if row[field] != now[field]}
    return found
