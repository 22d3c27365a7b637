"""How agents come to be, get access and tokens, and are stopped."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.access import grants
from agents.actions import (
    CreateAgent,
    GrantAccess,
    IssueToken,
    ResumeAgent,
    RevokeAccess,
    RevokeToken,
    StopAgent,
)
from agents.auth import actor_of
from agents.errors import NotGrantable
from agents.models import Agent, AgentToken
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import (
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
    TooMany,
    Unauthenticated,
)
from paybill_site.kernel.models import AuditEntry, IdempotencyKey
from paybill_site.kernel.planes import Place, plane
from tests.agents.conftest import CANCEL, READ, issue, last_entry, license_plane


def test_a_new_agent_may_do_nothing(helper: Agent) -> None:
    assert grants.held(helper.principal_id) == []
    assert not helper.principal.has_usable_password()


def test_the_licence_limits_the_number_of_agents(
    helper: Agent, shopkeeper: Actor, in_a: Place
) -> None:
    license_plane(in_a, agents=1)
    with pytest.raises(LimitReached, match="1 agents"):
        perform(CreateAgent, None, {"name": "Second"}, actor=shopkeeper)


def test_a_token_lets_its_agent_in(helper: Agent, shopkeeper: Actor) -> None:
    token = issue(helper, shopkeeper, READ)
    actor, _ = actor_of(token.secret)
    assert (actor.id, actor.scopes) == (helper.public_id, frozenset({READ}))


def test_a_token_is_kept_as_a_digest_only(helper: Agent, shopkeeper: Actor) -> None:
    secret = issue(helper, shopkeeper, READ).secret
    kept = [*AuditEntry.objects.values_list("body", flat=True)]
    kept += map(str, AgentToken.objects.values())
    assert len(secret) > 40
    assert not any(secret in text for text in kept)


def test_a_token_is_shown_once(helper: Agent, shopkeeper: Actor) -> None:
    data = {"scopes": [READ]}
    first = perform(IssueToken, helper, data, actor=shopkeeper, key="k1")
    again = perform(IssueToken, helper, data, actor=shopkeeper, key="k1")
    assert first.result.secret
    assert (again.repeated, again.result.secret) == (True, "")
    assert first.result.secret not in str(IdempotencyKey.objects.get(key="k1").output)


@pytest.mark.parametrize("what", ["revoked", "expired", "stopped", "unknown"])
def test_a_token_that_is_no_good_gets_one_answer(
    what: str, helper: Agent, shopkeeper: Actor
) -> None:
    token = issue(helper, shopkeeper, READ)
    secret = token.secret
    if what == "revoked":
        perform(RevokeToken, token, actor=shopkeeper)
    elif what == "expired":
        past = timezone.now() - timedelta(seconds=1)
        AgentToken.objects.filter(pk=token.pk).update(expires_at=past)
    elif what == "stopped":
        perform(StopAgent, helper, actor=shopkeeper)
    else:
        secret = "pbk_agt_" + "x" * 43
    with pytest.raises(Unauthenticated) as refusal:
        actor_of(secret)
    assert refusal.value.problem() == Unauthenticated().problem()
    if what != "unknown":
        assert f'"rule":"{what}"' in last_entry(outcome="denied").body


def test_a_token_means_nothing_in_another_tenant(
    helper: Agent, shopkeeper: Actor, tenant_b: Place
) -> None:
    secret = issue(helper, shopkeeper, READ).secret
    with plane(tenant_b), pytest.raises(Unauthenticated):
        actor_of(secret)


def test_a_resumed_agent_comes_in_again(helper: Agent, shopkeeper: Actor) -> None:
    secret = issue(helper, shopkeeper, READ).secret
    perform(StopAgent, helper, actor=shopkeeper)
    perform(ResumeAgent, helper, actor=shopkeeper)
    assert actor_of(secret)[0].id == helper.public_id


def test_a_token_has_a_rate(helper: Agent, shopkeeper: Actor) -> None:
    secret = issue(helper, shopkeeper, READ, per_minute=2).secret
    let_in = 0
    for _ in range(5):  # the window may turn once in between
        with suppress(TooMany):
            actor_of(secret)
            let_in += 1
    assert 2 <= let_in < 5
    assert '"rule":"rate"' in last_entry(outcome="denied").body


def test_access_to_one_order_is_granted_and_taken_back(
    helper: Agent, shopkeeper: Actor, orders: list[Order]
) -> None:
    data = {"permission": READ, "objects": [orders[0].public_id]}
    perform(GrantAccess, helper, data, actor=shopkeeper)
    perform(GrantAccess, helper, data, actor=shopkeeper)
    assert grants.held(helper.principal_id) == [grants.Grant(READ, orders[0].public_id)]
    perform(RevokeAccess, helper, data, actor=shopkeeper)
    assert grants.held(helper.principal_id) == []


def test_a_deleted_row_takes_its_grants_along(
    helper: Agent, shopkeeper: Actor, orders: list[Order]
) -> None:
    data = {"permission": READ, "objects": [orders[4].public_id]}
    perform(GrantAccess, helper, data, actor=shopkeeper)
    orders[4].delete()
    assert grants.held(helper.principal_id) == []


def test_nobody_grants_what_they_do_not_hold(
    helper: Agent, shopkeeper: Actor, orders: list[Order]
) -> None:
    clerk = shopkeeper.narrowed(
        frozenset({READ, "agents.view_agent", "agents.grant_access"})
    )
    one: dict[str, Any] = {"permission": CANCEL, "objects": [orders[0].public_id]}
    for data in (one, {"permission": CANCEL, "everything": True}):
        with pytest.raises(Forbidden, match=CANCEL):
            perform(GrantAccess, helper, data, actor=clerk)
    assert grants.held(helper.principal_id) == []


@pytest.mark.parametrize(
    "permission", ["agents.issue_token", "storefront.dispatch_order", "nonsense", ""]
)
def test_agents_get_the_permissions_of_tools_only(
    permission: str, helper: Agent, shopkeeper: Actor
) -> None:
    data = {"permission": permission, "everything": True}
    with pytest.raises(NotGrantable):
        perform(GrantAccess, helper, data, actor=shopkeeper)
    with pytest.raises(NotGrantable):
        perform(IssueToken, helper, {"scopes": [permission]}, actor=shopkeeper)


def test_what_is_granted_must_exist(helper: Agent, shopkeeper: Actor) -> None:
    data = {"permission": READ, "objects": ["ord_00000000000000000000000000"]}
    with pytest.raises(NotFound):
        perform(GrantAccess, helper, data, actor=shopkeeper)


def test_nothing_named_is_not_everything(helper: Agent, shopkeeper: Actor) -> None:
    for action in (GrantAccess, RevokeAccess):
        with pytest.raises(Invalid, match="name some objects"):
            perform(action, helper, {"permission": READ}, actor=shopkeeper)
    assert grants.held(helper.principal_id) == []
