"""An agent of the control plane reads, and proposes; people do it, or decline."""

from __future__ import annotations

import pytest

from agents.actions import CreateAgent, DeclineProposal, GrantAccess
from agents.auth import actor_of
from agents.dispatch import call
from agents.models import Agent, Proposal
from agents.states import ProposalState
from agents.tools.offer import tools_for
from billing.actions import PauseSubscription
from billing.models import Subscription
from paybill_site.kernel.actions import perform, registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden, PaybillError
from paybill_site.kernel.planes import Place
from tests.agents.conftest import issue, last_entry

READ, PROPOSE = "billing.view_subscription", "agents.add_proposal"
WHY = "It has not been used for ninety days."


@pytest.fixture
def watcher_agent(control: Place, operator: Actor) -> Agent:
    agent: Agent = perform(
        CreateAgent, None, {"name": "Watcher"}, actor=operator
    ).result
    for permission in (READ, PROPOSE):
        data = {"permission": permission, "everything": True}
        perform(GrantAccess, agent, data, actor=operator)
    return agent


@pytest.fixture
def watcher(watcher_agent: Agent, operator: Actor) -> Actor:
    """An agent that may read subscriptions and propose."""
    return actor_of(issue(watcher_agent, operator, READ, PROPOSE).secret)[0]


def propose(actor: Actor, subscription: Subscription, key: str = "k") -> Proposal:
    given = {"id": subscription.public_id, "why": WHY}
    done = call(actor, "propose_pause_subscription", given, key=key)
    return Proposal.objects.get(public_id=done.result["id"])


def test_it_meets_tools_that_read_and_tools_that_propose(watcher: Actor) -> None:
    tools = tools_for(watcher)
    acting = {tool.name for tool in tools if not tool.reads}
    assert "list_subscriptions" in {tool.name for tool in tools}
    assert "propose_pause_subscription" in acting
    assert {name for name in acting if not name.startswith("propose_")} <= {
        "withdraw_approval", "cancel_workflow_run"
    }  # fmt: skip


def test_a_proposal_changes_nothing_else(
    watcher: Actor, subscription: Subscription
) -> None:
    before = Subscription.objects.values().get(pk=subscription.pk)
    made = propose(watcher, subscription)
    assert (made.state, made.why) == (ProposalState.OPEN, WHY)
    assert made.action == "billing.pause_subscription"
    assert Subscription.objects.values().get(pk=subscription.pk) == before
    assert propose(watcher, subscription) == made


def test_the_same_is_proposed_once(watcher: Actor, subscription: Subscription) -> None:
    propose(watcher, subscription)
    with pytest.raises(Conflict, match="proposed already"):
        propose(watcher, subscription, key="other")


def test_doing_it_closes_the_proposal(
    watcher: Actor, subscription: Subscription, operator: Actor
) -> None:
    made = propose(watcher, subscription)
    perform(PauseSubscription, subscription, None, actor=operator)
    made.refresh_from_db()
    assert (made.state, made.decided_by) == (ProposalState.TAKEN, operator.id)


def test_an_operator_declines_with_a_reason(
    watcher: Actor, subscription: Subscription, operator: Actor
) -> None:
    made = propose(watcher, subscription)
    perform(DeclineProposal, made, {"reason": "They are on holiday"}, actor=operator)
    made.refresh_from_db()
    assert made.state == ProposalState.DECLINED
    assert propose(watcher, subscription, key="later").pk != made.pk


def test_it_can_do_nothing_itself_whatever_it_holds(
    watcher: Actor, subscription: Subscription
) -> None:
    everything = frozenset(verb.permission for verb in registry.values())
    mighty = Actor(
        kind=watcher.kind, id=watcher.id, principal=watcher.principal,
        grants=everything | {READ}, via=watcher.via,
    )  # fmt: skip
    with pytest.raises(Forbidden, match="people do"):
        perform(PauseSubscription, subscription, None, actor=mighty)
    assert '"rule":"proposes_only"' in last_entry(actor=watcher.id).body


def test_what_it_does_not_see_it_can_not_propose(
    watcher_agent: Agent, operator: Actor, subscription: Subscription
) -> None:
    blind = actor_of(issue(watcher_agent, operator, PROPOSE).secret)[0]
    with pytest.raises(PaybillError):
        propose(blind, subscription)
    assert not Proposal.objects.exists()
