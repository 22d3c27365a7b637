"""Stripe behind the contract of gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.gateways import stored
from billing.gateways.contract import (
    Charged,
    Disputed,
    Gateway,
    Kept,
    Notice,
    Order,
    Person,
    Return,
    Returned,
    Wish,
)
from billing.gateways.stripe import methods, payments, returns, webhooks
from billing.models import Invoice
from billing.rating.conventions import STRIPE


class Stripe(Gateway):
    """Cards and whatever else is on at the Stripe account, kept there."""

    name = "stripe"
    label = "Card"
    stores = True
    convention = STRIPE

    def page(self, invoice: Invoice) -> dict[str, Any]:
        return stored.page(invoice, self.name)

    def introduce(self, person: Person) -> str:
        return methods.introduce(person)

    def set_up(self, wish: Wish) -> Kept:
        return methods.set_up(wish)

    def look_at_setup(self, setup: str) -> Kept:
        return methods.look_at_setup(setup)

    def look_at_method(self, reference: str) -> Kept:
        return methods.look_at_method(reference)

    def forget(self, reference: str) -> None:
        methods.forget(reference)

    def charge(self, order: Order) -> Charged:
        return payments.charge(order)

    def look_at_payment(self, order: Order) -> Charged | None:
        return payments.look(order)

    def look_up_payment(self, reference: str) -> Charged:
        return payments.look_up(reference)

    def withdraw(self, order: Order) -> Charged:
        return payments.withdraw(order)

    def give_back(self, wanted: Return) -> Returned:
        return returns.give_back(wanted)

    def look_at_refund(self, reference: str) -> Returned:
        return returns.look_at_refund(reference)

    def look_at_dispute(self, reference: str) -> Disputed:
        return returns.look_at_dispute(reference)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        return webhooks.verify(body, headers)
