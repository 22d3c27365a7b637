"""An approval is for what was shown: whatever changes voids it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.actions import RevokeAccess, StopAgent
from agents.actions.approvals import (
    ApproveCall,
    ExpireApproval,
    RefuseCall,
    RevokeApproval,
)
from agents.approvals import asking, bearers
from agents.auth import actor_of
from agents.errors import NotApproved
from agents.models import Agent, AgentToken, Approval, Delegation, WorkflowRun
from agents.states import APPROVAL_MOVES, ApprovalState
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, PaybillError
from paybill_site.kernel.models import Delivery
from tests.agents.approvals.test_asking import copies, looked, run, say_yes
from tests.agents.conftest import issue
from tests.agents.listing import CHANGE, ISSUER, READ, asked, describe, take

__all__ = ["run"]


@pytest.fixture
def approval(clerk: Actor, run: WorkflowRun) -> Approval:
    return asked(clerk, run)


def void(approval: Approval) -> str:
    """Why it is void; the copy was not made."""
    approval.refresh_from_db()
    assert (approval.state, copies()) == ("void", [])
    return approval.outcome


def edit(product: Product, **values: Any) -> None:
    Product.objects.filter(pk=product.pk).update(**values)


def test_a_target_that_changed_before_the_yes(
    approval: Approval, keeper: Actor, product: Product
) -> None:
    edit(product, description="A bad chair")
    done = perform(ApproveCall, approval, None, actor=keeper)
    assert done.output["state"] == "void"
    assert void(approval) == "what it acts on has changed"


def test_a_target_that_changed_after_the_yes(
    approval: Approval, keeper: Actor, product: Product, run: WorkflowRun
) -> None:
    say_yes(approval, keeper)
    edit(product, description="A bad chair")
    outbox.drain()
    assert "what it acts on has changed" in void(approval)
    run.refresh_from_db()
    assert run.status == "active"


def test_other_changes_than_were_shown(
    approval: Approval, keeper: Actor, other: Product
) -> None:
    # The copy takes its words from another row, which is no part of the call.
    edit(other, description="Something else")
    say_yes(approval, keeper)
    outbox.drain()
    assert "other rows would change than were shown" in void(approval)


def test_a_run_that_has_gone_on(
    approval: Approval, clerk: Actor, keeper: Actor, run: WorkflowRun, product: Product
) -> None:
    say_yes(approval, keeper)
    describe(clerk, run, "Another text")
    edit(product, description="A good chair")  # the row is as it was, the run is not
    outbox.drain()
    assert "the run has gone on" in void(approval)


def test_stored_arguments_that_were_changed(approval: Approval, keeper: Actor) -> None:
    say_yes(approval, keeper)
    approval.refresh_from_db()
    approval.sealed = approval.sealed.replace("Dear chair", "Dear throne")
    approval.save()
    outbox.drain()
    assert void(approval)


def test_a_stored_plan_that_was_changed(approval: Approval, keeper: Actor) -> None:
    shown = approval.shown
    shown["changes"][0]["after"] = "something nicer"
    Approval.objects.filter(pk=approval.pk).update(shown=shown)
    say_yes(approval, keeper)
    outbox.drain()
    assert void(approval)


@pytest.mark.parametrize("what", ["token", "agent", "expired", "access"])
def test_an_agent_that_may_no_longer_is_not_acted_for(
    what: str, approval: Approval, keeper: Actor, product: Product
) -> None:
    say_yes(approval, keeper)
    if what == "token":
        AgentToken.objects.update(revoked_at=timezone.now())
    elif what == "expired":
        AgentToken.objects.update(expires_at=timezone.now())
    elif what == "agent":
        perform(StopAgent, approval.agent, None, actor=keeper)
    else:
        rows = {"permission": READ, "objects": [product.public_id]}
        perform(RevokeAccess, approval.agent, rows, actor=keeper)
    outbox.drain()
    assert void(approval)


def test_it_can_be_agreed_to_as_long_as_the_agent_could_do_it(
    clerk: Actor, run: WorkflowRun
) -> None:
    """An hour of OAuth, or of a session: no day to decide, and the person is shown."""
    soon = timezone.now() + timedelta(minutes=60)
    AgentToken.objects.update(expires_at=soon)
    assert asked(clerk, run).expires_at == soon


def test_never_longer_than_the_delegation_or_a_day(
    approval: Approval, helper: Agent
) -> None:
    day = timezone.now() + bearers.EXPIRES
    assert abs(approval.expires_at - day) < timedelta(minutes=1)
    ends = timezone.now() + timedelta(minutes=90)
    given = Delegation.objects.create(
        agent=helper, person=helper.principal, task="copies", expires_at=ends
    )
    AgentToken.objects.update(delegation=given)
    assert bearers.until(approval.via) == ends
    assert bearers.withdrawn(approval) == ""
    Delegation.objects.update(revoked_at=timezone.now())
    assert "delegation" in bearers.withdrawn(approval)


def test_with_its_token_what_was_asked_goes(
    approval: Approval, run: WorkflowRun, helper: Agent, keeper: Actor
) -> None:
    """A token that leaked asks for nothing that another one of the agent then does."""
    say_yes(approval, keeper)
    other = actor_of(issue(helper, keeper, READ, CHANGE).secret)[0]
    AgentToken.objects.filter(issued_by=ISSUER).update(revoked_at=timezone.now())
    with pytest.raises(NotApproved):
        take(
            other,
            "copy",
            run,
            key=approval.key,
            name="Dear chair",
            approval=approval.public_id,
        )
    assert void(approval) == "the token it was asked with was revoked"


def test_nobody_agrees_to_what_nobody_may_ask_any_more(
    approval: Approval, keeper: Actor
) -> None:
    perform(StopAgent, approval.agent, None, actor=keeper)
    assert perform(ApproveCall, approval, None, actor=keeper).output["state"] == "void"
    assert void(approval) == "the agent was stopped"


def test_nobody_says_yes_too_late(approval: Approval, keeper: Actor) -> None:
    _age(approval)
    for verb in (ApproveCall, RefuseCall):
        with pytest.raises(PaybillError) as caught:
            perform(verb, approval, {"reason": "well"}, actor=keeper)
        assert caught.value.members["rule"] == "approval_expired"


def test_a_yes_that_is_not_used_in_time_is_worth_nothing(
    approval: Approval, keeper: Actor
) -> None:
    say_yes(approval, keeper)
    _age(approval)
    outbox.drain()
    assert "over its time" in void(approval)


def test_what_nobody_decides_ends_by_itself(
    approval: Approval, clerk: Actor, run: WorkflowRun
) -> None:
    waits = Delivery.objects.get(event__name="agents.approval_due")
    assert abs(waits.next_at - approval.expires_at) < timedelta(seconds=1)
    outbox.drain()
    assert looked(clerk, approval)["state"] == "waiting"
    with pytest.raises(IllegalMove):
        perform(ExpireApproval, approval, None, actor=asking.ME)
    _age(approval)
    Delivery.objects.filter(pk=waits.pk).update(next_at=timezone.now())
    outbox.drain()
    assert looked(clerk, approval)["state"] == "expired"
    run.refresh_from_db()
    assert run.status == "active"


@pytest.mark.parametrize("state", ApprovalState)
@pytest.mark.parametrize("verb", [ApproveCall, RefuseCall, RevokeApproval])
def test_every_pair_of_state_and_verb(
    state: ApprovalState, verb: Any, approval: Approval, keeper: Actor
) -> None:
    to = {
        ApproveCall: ApprovalState.APPROVED,
        RefuseCall: ApprovalState.REFUSED,
        RevokeApproval: ApprovalState.REVOKED,
    }[verb]
    Approval.objects.filter(pk=approval.pk).update(state=state)
    data = {"reason": "because"}
    if to in APPROVAL_MOVES[state]:
        assert perform(verb, approval, data, actor=keeper).output["state"] == to
        return
    with pytest.raises(IllegalMove):
        perform(verb, approval, data, actor=keeper)
    approval.refresh_from_db()
    assert approval.state == state


def _age(approval: Approval) -> None:
    late = timezone.now() - timedelta(seconds=1)
    Approval.objects.filter(pk=approval.pk).update(expires_at=late)
