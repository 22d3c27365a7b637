"""Who may say yes: another person, under their own name, who could do it themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.actions import OpenSession
from agents.actions.approvals import ApproveCall, RefuseCall, RevokeApproval
from agents.actions.connecting import IssueAccess, RegisterClient
from agents.models import Agent, AgentToken, Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind, system
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import new_id
from tests.agents.approvals.test_asking import copies, run, say_yes
from tests.agents.listing import CHANGE, ISSUER, READ, asked, person

__all__ = ["run"]

DECIDE = ("agents.view_approval", "agents.decide_approval")


@pytest.fixture
def approval(clerk: Actor, run: WorkflowRun) -> Approval:
    return asked(clerk, run)


@pytest.fixture
def boss() -> Actor:
    return person("boss", READ, CHANGE, *DECIDE)


def refused(approval: Approval, actor: Actor) -> str:
    """The rule by which the actor's yes is refused."""
    with pytest.raises(PaybillError) as caught:
        perform(ApproveCall, approval, None, actor=actor)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by) == ("waiting", "")
    return str(caught.value.members.get("rule", caught.value.code))


def test_another_person_decides(approval: Approval, boss: Actor) -> None:
    say_yes(approval, boss)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by) == ("approved", boss.id)


def test_never_an_agent(approval: Approval, clerk: Actor, boss: Actor) -> None:
    grants = frozenset({READ, CHANGE, *DECIDE})
    agent = replace(clerk, grants=grants, scopes=grants)
    assert refused(approval, agent) == "person"
    for kind in (Kind.AGENT, Kind.KEY, Kind.SYSTEM):
        rule = refused(approval, replace(boss, kind=kind))
        assert rule in {"person", "not_found"}
    assert refused(approval, system("anybody", READ, CHANGE, *DECIDE)) == "person"
    assert refused(approval, replace(boss, behalf=boss)) in {"person", "not_found"}


def test_never_in_somebody_elses_name(approval: Approval, boss: Actor) -> None:
    posing = replace(boss, impersonator="usr_operator")
    assert refused(approval, posing) == "impersonation"


def test_never_the_person_for_whom_the_agent_acts(
    approval: Approval, boss: Actor
) -> None:
    Approval.objects.filter(pk=approval.pk).update(behalf=boss.id)
    approval.refresh_from_db()
    assert refused(approval, boss) == "four_eyes"


def test_never_the_person_who_began_the_run(
    approval: Approval, boss: Actor, run: WorkflowRun
) -> None:
    WorkflowRun.objects.filter(pk=run.pk).update(started_by=boss.id)
    assert refused(approval, boss) == "four_eyes"


def test_never_who_was_shown_the_secret(approval: Approval, boss: Actor) -> None:
    """With the token one asks as the agent: to agree as well is one pair of eyes."""
    tokens = AgentToken.objects.filter(agent=approval.agent)
    assert set(tokens.values_list("issued_by", flat=True)) == {ISSUER}
    assert refused(approval, replace(boss, id=ISSUER)) == "four_eyes"


def test_whoever_opens_a_session_or_registers_a_client_was_shown_it(
    helper: Agent, keeper: Actor, boss: Actor
) -> None:
    data = {"scopes": [READ], "session": {"customer": "cus_1"}}
    token = perform(OpenSession, helper, data, actor=keeper).result
    assert token.issued_by == keeper.id
    perform(RegisterClient, helper, {"kind": "machine"}, actor=keeper)
    asked_for = {"agent": helper.public_id, "scopes": [READ], "audience": "here"}
    machine = system("oauth", "agents.issue_token")
    token = perform(IssueAccess, None, asked_for, actor=machine).result
    assert token.issued_by == keeper.id


def test_never_who_does_not_see_all_that_changes(approval: Approval) -> None:
    shown = approval.shown
    row = f"storefront.customer:{new_id('cus')}"
    hidden = {"row": row, "field": "name", "before": "Ann", "after": "Bob"}
    shown["changes"].append(hidden)
    Approval.objects.filter(pk=approval.pk).update(shown=shown)
    approval.refresh_from_db()
    assert refused(approval, person("boss", READ, CHANGE, *DECIDE)) == "unseen"
    seer = person("seer", READ, CHANGE, *DECIDE, "storefront.view_customer")
    say_yes(approval, seer)


def test_never_who_could_not_do_it_themselves(approval: Approval) -> None:
    assert refused(approval, person("looker", READ, *DECIDE)) == "permission"


def test_never_who_may_not_decide(approval: Approval) -> None:
    doer = person("doer", READ, CHANGE, "agents.view_approval")
    assert refused(approval, doer) == "permission"
    assert refused(approval, person("stranger", READ, CHANGE)) == "not_found"


def test_a_no_needs_only_the_right_to_decide(approval: Approval) -> None:
    looker = person("looker", *DECIDE)
    perform(RefuseCall, approval, {"reason": "not now"}, actor=looker)
    approval.refresh_from_db()
    assert approval.state == "refused"


def test_who_said_yes_takes_it_back_and_others_only_with_the_right(
    approval: Approval, boss: Actor, product: Product
) -> None:
    say_yes(approval, boss)
    peer = person("peer", READ, CHANGE, *DECIDE)
    with pytest.raises(PaybillError, match="revoke_approval"):
        perform(RevokeApproval, approval, None, actor=peer)
    perform(RevokeApproval, approval, None, actor=boss)
    approval.refresh_from_db()
    assert (approval.state, copies()) == ("revoked", [])


def test_an_administrator_takes_anybodys_yes_back(
    approval: Approval, boss: Actor, keeper: Actor
) -> None:
    say_yes(approval, boss)
    perform(RevokeApproval, approval, {"reason": "stop"}, actor=keeper)
    approval.refresh_from_db()
    assert (approval.state, approval.outcome) == ("revoked", "stop")
