"""A shop with an agent: who owns it, what is in it, and how the agent calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agents.actions import CreateAgent, GrantAccess, IssueToken
from agents.auth import actor_of
from agents.models import Agent, AgentToken
from examples.storefront.models import Order
from examples.storefront.seed import seed_storefront
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import AuditEntry, Licence
from paybill_site.kernel.planes import Place

AGENT_PERMISSIONS = (
    "add_agent", "view_agent", "issue_token", "revoke_agenttoken", "view_agenttoken",
    "stop_agent", "resume_agent", "grant_access", "revoke_access",
    "register_client", "open_session",
)  # fmt: skip
SHOP_PERMISSIONS = (
    "view_order", "cancel_order", "add_order", "dispatch_order", "deliver_order",
    "refund_order", "return_order_items", "receive_return", "view_customer",
    "add_customer", "view_product", "add_product", "view_variant",
)  # fmt: skip
READ, CANCEL = "storefront.view_order", "storefront.cancel_order"

type Grant = Callable[..., Agent]
type Enter = Callable[..., Actor]


def license_plane(place: Place, **limits: int) -> None:
    """Let the entered plane's tenant do business, within these limits."""
    newest = Licence.newest()
    version = newest.version + 1 if newest else 1
    terms = {"state": "active", "plan": "team", "features": {}, "limits": limits}
    Licence.objects.create(version=version, token=sign(place.tenant, terms, version))


@pytest.fixture
def licensed(in_a: Place) -> Place:
    license_plane(in_a)
    return in_a


@pytest.fixture
def shopkeeper(licensed: Place) -> Actor:
    """Somebody who may do everything in the shop and with its agents."""
    return Actor(
        kind=Kind.PERSON,
        id="usr_0000000000000000000000keep",
        label="keeper@example.com",
        grants=frozenset(
            [f"agents.{name}" for name in AGENT_PERMISSIONS]
            + [f"storefront.{name}" for name in SHOP_PERMISSIONS]
        ),
    )


@pytest.fixture
def orders(licensed: Place) -> list[Order]:
    """Five orders; the third and fourth are pending."""
    return seed_storefront()


@pytest.fixture
def helper(shopkeeper: Actor) -> Agent:
    """An agent that may do nothing yet."""
    agent: Agent = perform(
        CreateAgent, None, {"name": "Helper"}, actor=shopkeeper
    ).result
    return agent


@pytest.fixture
def grant(helper: Agent, shopkeeper: Actor) -> Grant:
    """Grant the agent a permission on some rows, or on all."""

    def give(permission: str, *rows: Any) -> Agent:
        data = {
            "permission": permission,
            "objects": [row.public_id for row in rows],
            "everything": not rows,
        }
        perform(GrantAccess, helper, data, actor=shopkeeper)
        return helper

    return give


def issue(agent: Agent, keeper: Actor, *scopes: str, **terms: int) -> AgentToken:
    """A fresh token, with its secret."""
    data = {"scopes": list(scopes), **terms}
    token: AgentToken = perform(IssueToken, agent, data, actor=keeper).result
    return token


@pytest.fixture
def enter(helper: Agent, shopkeeper: Actor) -> Enter:
    """The agent as it comes in with a new token of these scopes."""

    def come(*scopes: str) -> Actor:
        return actor_of(issue(helper, shopkeeper, *(scopes or (READ, CANCEL))).secret)[
            0
        ]

    return come


def last_entry(**where: Any) -> AuditEntry:
    """The newest audit entry."""
    entry = AuditEntry.objects.filter(**where).first()
    assert entry is not None
    return entry
