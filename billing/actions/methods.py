"""Verbs on stored payment methods. None of them takes a number of a card."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from billing import customers, gateways, machines, outcomes
from billing.errors import NoMethod
from billing.events import MethodRemoved, MethodReturned, MethodWanted
from billing.gateways.contract import Kept, NotOffered
from billing.models import PaymentMethod
from billing.states import MethodState
from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from tenants.models import Account


class GatewayChoice(Input):
    gateway: str = Field(
        default="",
        max_length=20,
        description="one that stores methods; default: the first of them",
    )


class SetUpMethod(Action[Account, GatewayChoice, PaymentMethod]):
    """Begin to add a payment method; the gateway then says where to fill it in."""

    model = Account
    Input = GatewayChoice
    permission = "billing.add_paymentmethod"

    def run(
        self, target: Account, data: GatewayChoice, *, actor: Actor
    ) -> PaymentMethod:
        gateway = choice(data.gateway)
        method = PaymentMethod.objects.create(
            customer=customers.of(target), gateway=gateway.name
        )
        events.emit(MethodWanted(method=method.public_id))
        return method

    def recall(self, output: Any) -> PaymentMethod | None:
        return PaymentMethod.objects.filter(public_id=output.get("id")).first()


def choice(name: str) -> gateways.Gateway:
    """A gateway that stores methods. Raises NotOffered."""
    for gateway in gateways.storing():
        if name in {"", gateway.name}:
            return gateway
    raise NotOffered("no such way to pay stores methods here; pay by bank transfer")


class LookAtMethod(Action[PaymentMethod, NoInput, PaymentMethod]):
    """Ask the gateway what became of a method that was to be filled in."""

    model = PaymentMethod
    permission = "billing.add_paymentmethod"
    legal_in = frozenset({MethodState.PENDING})

    def run(
        self, target: PaymentMethod, data: NoInput, *, actor: Actor
    ) -> PaymentMethod:
        if target.state == MethodState.PENDING and target.setup:
            events.emit(MethodReturned(method=target.public_id))
        return target


class MakeDefault(Action[PaymentMethod, NoInput, PaymentMethod]):
    """Charge this method automatically from now on."""

    model = PaymentMethod
    permission = "billing.change_paymentmethod"
    legal_in = frozenset({MethodState.ACTIVE})

    def run(
        self, target: PaymentMethod, data: NoInput, *, actor: Actor
    ) -> PaymentMethod:
        if target.state != MethodState.ACTIVE:
            raise NoMethod
        outcomes.make_default(customers.locked(target.customer_id), target)
        return target


class RemoveMethod(Action[PaymentMethod, NoInput, PaymentMethod]):
    """Remove a payment method; the gateway forgets it, too."""

    model = PaymentMethod
    permission = "billing.delete_paymentmethod"
    danger = Danger.CAREFUL
    legal_in = frozenset(MethodState) - {MethodState.REMOVED}

    def run(
        self, target: PaymentMethod, data: NoInput, *, actor: Actor
    ) -> PaymentMethod:
        machines.methods.check(target.state, MethodState.REMOVED)
        outcomes.remove(customers.locked(target.customer_id), target)
        events.emit(MethodRemoved(method=target.public_id))
        return target


class RecordMethod(Action[PaymentMethod, Kept, PaymentMethod]):
    """Record how a stored method stands at its gateway."""

    model = PaymentMethod
    Input = Kept
    permission = "billing.record_method"

    def run(self, target: PaymentMethod, data: Kept, *, actor: Actor) -> PaymentMethod:
        outcomes.keep(target, data)
        return target
