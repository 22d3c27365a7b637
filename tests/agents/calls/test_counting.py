"""Whose use is counted together: a new token is no fresh start."""

from __future__ import annotations

from contextlib import suppress

import pytest

from agents.actions.connecting import IssueAccess
from agents.auth import actor_of
from agents.limits import standing
from agents.models import Agent, AgentToken
from agents.oauth.validator import CLERK
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import LimitReached, TooMany
from tests.agents.calls.conftest import CHANGE, SEE, SetLimit
from tests.agents.calls.test_limits import note
from tests.agents.conftest import Enter

HERE = "https://a.example/mcp"


def refreshed(helper: Agent) -> AgentToken:
    """One more token of a client, for the same secret."""
    asked = {"agent": helper.public_id, "scopes": [CHANGE, SEE], "audience": HERE}
    token: AgentToken = perform(IssueAccess, None, asked, actor=CLERK).result
    return token


def test_a_limit_for_each_token_outlives_its_refresh(
    worker: Actor, enter: Enter, chair: Product, limited: SetLimit, helper: Agent
) -> None:
    limited(1, per="token")
    first, second = (
        actor_of(refreshed(helper).secret, audience=HERE)[0] for _ in range(2)
    )
    note(first, chair, "a")
    with pytest.raises(LimitReached):
        note(second, chair, "b")
    (shown,) = standing.of(helper)
    assert (shown.used, shown.percent) == (1, 100)
    note(enter(CHANGE, SEE), chair, "c")  # one that somebody made is another


def test_so_do_the_calls_in_a_minute(worker: Actor, helper: Agent) -> None:
    tokens = [refreshed(helper) for _ in range(4)]
    AgentToken.objects.update(per_minute=1)
    let_in = 0
    for token in tokens:  # the window may turn once in between
        with suppress(TooMany):
            actor_of(token.secret, audience=HERE)
            let_in += 1
    assert 1 <= let_in <= 2
