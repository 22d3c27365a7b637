"""A shop's agent at ``/mcp``."""

from __future__ import annotations

import pytest

from agents.actions import CreateAgent
from agents.models import Agent
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.agents.conftest import (  # noqa: F401
    CANCEL,
    READ,
    Grant,
    enter,
    grant,
    helper,
    issue,
    licensed,
    orders,
    shopkeeper,
)
from tests.mcp.wire import Wire


@pytest.fixture
def wire(helper: Agent, shopkeeper: Actor) -> Wire:  # noqa: F811
    """A client with a token for reading and cancelling; the agent may do neither."""
    return Wire(issue(helper, shopkeeper, READ, CANCEL).secret)


@pytest.fixture
def pending(orders: list[Order], grant: Grant) -> Order:  # noqa: F811
    """A pending order that the agent may read and cancel."""
    grant(READ, orders[2])
    grant(CANCEL, orders[2])
    return orders[2]


@pytest.fixture
def other_agent(shopkeeper: Actor) -> Agent:  # noqa: F811
    """Another agent of the same place."""
    agent: Agent = perform(
        CreateAgent, None, {"name": "Other"}, actor=shopkeeper
    ).result
    return agent
