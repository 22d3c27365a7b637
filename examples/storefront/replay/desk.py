"""The shop's assistant in the entered plane: an agent whose customer the session says.

It holds rules, not grants: orders "where customer is the session's customer", the
customer "who is the session's customer", and the catalogue whole. Which customer that
is stands in the token, and no argument of any tool can say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.actions import CreateAgent, GrantAccess
from agents.actions.access import AddRule
from agents.actions.tokens import OpenSession
from agents.auth import actor_of
from agents.models import Agent
from examples.storefront import actions
from examples.storefront.models import ShopPolicy
from examples.storefront.states import Books, SameItem
from paybill_site.kernel import planes
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor, system
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.querysets import view_permission

OWN_ORDERS = {"field": "customer", "value": {"session": "customer"}}
ITSELF = {"field": "id", "value": {"session": "customer"}}
ON_ORDERS: tuple[AnyAction, ...] = (
    actions.CancelPendingOrder,
    actions.ModifyOrderAddress,
    actions.ModifyOrderPayment,
    actions.ModifyOrderItems,
    actions.ReturnOrderItems,
    actions.ExchangeOrderItems,
)
CATALOGUE = ("storefront.view_product", "storefront.view_variant")
RULES: Mapping[str, Mapping[str, Any]] = {
    "storefront.view_order": OWN_ORDERS,
    **{action.permission: OWN_ORDERS for action in ON_ORDERS},
    "storefront.view_customer": ITSELF,
    actions.ModifyCustomerAddress.permission: ITSELF,
}
SCOPES = (*RULES, *CATALOGUE)
KEEPER = system(
    "storefront.replay",
    *SCOPES,
    actions.SetShopPolicy.permission,
    *(view_permission(model) for model in (Agent, ShopPolicy)),
    *(
        verb.permission
        for verb in (
            CreateAgent,
            GrantAccess,
            AddRule,
            OpenSession,
        )
    ),
)


class Desk:
    """Where the assistant comes in, once for each customer."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._known: dict[str, Actor] = {}

    def serving(self, customer: str) -> Actor:
        """The assistant in a conversation with this customer (a public id)."""
        if customer not in self._known:
            asked = {
                "scopes": list(SCOPES),
                "session": {"customer": customer},
                "minutes": 1440,
            }
            made = perform(OpenSession, self.agent, asked, actor=KEEPER)
            self._known[customer], _ = actor_of(made.result.secret)
        return self._known[customer]


def open_desk() -> Desk:
    """Hire the assistant in the entered plane."""
    named = {"name": "Retail assistant", "purpose": "Serves one customer at a time"}
    agent = perform(CreateAgent, None, named, actor=KEEPER).result
    for permission in CATALOGUE:
        everything = {"permission": permission, "everything": True}
        perform(GrantAccess, agent, everything, actor=KEEPER)
    for permission, condition in RULES.items():
        rule = {
            "agent": agent.public_id,
            "permission": permission,
            "conditions": [condition],
            "state": "active",
        }
        perform(AddRule, None, rule, actor=KEEPER)
    return Desk(agent)


def set_policy(same_item: SameItem, books: Books) -> None:
    """What the shop decides for itself."""
    data = {"same_item": same_item, "books": books}
    perform(actions.SetShopPolicy, None, data, actor=KEEPER)


def license_plane() -> None:
    """Let the plane's tenant do business; a plane of nobody's needs no licence."""
    tenant = planes.here().tenant
    if tenant and Licence.newest() is None:
        terms = {"state": "active", "plan": "replay", "features": {}, "limits": {}}
        Licence.objects.create(version=1, token=sign(tenant, terms, 1))
