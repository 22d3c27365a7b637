"""What a customer has of their own here, and what the shop decides for itself."""

from __future__ import annotations

from pydantic import Field

from examples.storefront.actions.pending import AddressInput
from examples.storefront.models import POSTAL, Customer, ShopPolicy
from examples.storefront.states import Books, SameItem
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor


class ModifyCustomerAddress(Action[Customer, AddressInput, Customer]):
    """Change the default address of a customer; orders keep theirs."""

    model = Customer
    Input = AddressInput
    permission = "storefront.modify_customer_address"
    agents = True
    overwrites = frozenset(f"storefront.customer.{name}" for name in POSTAL)
    emits = ()
    idempotent = True

    def run(self, customer: Customer, data: AddressInput, *, actor: Actor) -> Customer:
        for name in POSTAL:
            setattr(customer, name, getattr(data, name))
        customer.save(update_fields=POSTAL)
        return customer


class PolicyInput(Input):
    same_item: SameItem = Field(SameItem.NEVER, title="Swaps of an item for itself")
    books: Books = Field(Books.OWN, title="Books")


class SetShopPolicy(Action[None, PolicyInput, ShopPolicy]):
    """Set what the written policy leaves to the shop."""

    model = ShopPolicy
    Input = PolicyInput
    permission = "storefront.change_shoppolicy"
    creates = True

    def run(self, target: None, data: PolicyInput, *, actor: Actor) -> ShopPolicy:
        row, _ = ShopPolicy.objects.update_or_create(
            only=True, defaults=data.model_dump()
        )
        return row
