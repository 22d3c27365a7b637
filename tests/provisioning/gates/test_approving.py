"""Who approves a plan, what exactly is approved, and when that holds no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Forbidden, IllegalMove, NotFound
from paybill_site.kernel.models import AuditEntry, Transition
from provisioning import expiry, gates
from provisioning.actions import (
    ChangeRunRules,
    CommentRun,
    ConfirmRun,
    DiscardRun,
    WithdrawRun,
)
from provisioning.errors import NotApproved, PlanChanged, PlanStale
from provisioning.gates import approvals
from provisioning.models import (
    Approval,
    PlanFile,
    RegoPolicy,
    Run,
    RunRules,
    ShownPlan,
    StateVersion,
)
from provisioning.states import FourEyes, RunState
from provisioning.system import REAPER
from tenants.models import Entitlement
from tests.provisioning.gates.conftest import SHOWN, Wait


def approve(run: Run, actor: Actor, **shown: str) -> Run:
    approved: Run = perform(ConfirmRun, run, {**SHOWN, **shown}, actor=actor).result
    return approved


def delayed(rules: RunRules) -> None:
    RunRules.objects.filter(pk=rules.pk).update(four_eyes=FourEyes.DELAYED)


def aged(run: Run, minutes: int) -> None:
    before = timezone.now() - timedelta(minutes=minutes)
    ShownPlan.objects.filter(run=run).update(created_at=before)


# --- who ----------------------------------------------------------------------------


def test_what_the_system_asked_for_needs_one_person(
    wait: Wait, operator: Actor
) -> None:
    run = approve(wait(), operator)
    assert run.state == RunState.CONFIRMED
    approval = Approval.objects.get(run=run)
    assert approval.approved_by == operator.id
    assert approval.rule == "one for the system"
    gates.check_approval(run)


def test_who_asked_does_not_approve_and_somebody_else_does(
    wait: Wait, operator: Actor, second: Actor
) -> None:
    run = wait(by=operator)
    with pytest.raises(Forbidden, match="somebody else") as refusal:
        approve(run, operator)
    assert refusal.value.members["rule"] == "four_eyes"
    denied = AuditEntry.objects.get(outcome="denied")
    assert "four_eyes" in denied.body
    assert approve(run, second).state == RunState.CONFIRMED


def test_agents_and_parts_of_the_system_approve_nothing(wait: Wait) -> None:
    needed = frozenset({"provisioning.confirm_run", "provisioning.view_run"})
    run = wait()
    for kind in (Kind.SYSTEM, Kind.PERSON):
        somebody = Actor(kind=kind, id="x", grants=needed)
        with pytest.raises(Forbidden, match="only a person among the operators"):
            approve(run, somebody)
    # An agent does not even get so far: the wall shows it no run that it may not read.
    with pytest.raises((Forbidden, NotFound)):
        approve(run, Actor(kind=Kind.AGENT, id="x", grants=needed))
    assert not Approval.objects.exists()


def test_nobody_approves_in_somebody_elses_name(wait: Wait, operator: Actor) -> None:
    behind = replace(operator, impersonator="usr_01jq0000000000000000000000")
    with pytest.raises(Forbidden, match="somebody else's name"):
        approve(wait(), behind)


def test_an_outsider_does_not_even_find_the_run(wait: Wait, outsider: Actor) -> None:
    with pytest.raises(NotFound):
        approve(wait(), outsider)


def test_alone_one_waits_and_shows_the_second_factor_again(
    wait: Wait, operator: Actor, rules: RunRules
) -> None:
    delayed(rules)
    run, now = wait(by=operator), timezone.now()
    fresh = replace(operator, second_factor_at=now - timedelta(minutes=1))
    with pytest.raises(Forbidden, match="60 minutes after"):
        approve(run, fresh)
    aged(run, 61)
    stale = replace(operator, second_factor_at=now - timedelta(minutes=11))
    for actor in (operator, stale):
        with pytest.raises(Forbidden, match="second factor again"):
            approve(run, actor)
    approve(run, fresh)
    assert Approval.objects.get().rule == "delayed"


def test_with_the_delay_somebody_else_needs_none(
    wait: Wait, operator: Actor, second: Actor, rules: RunRules
) -> None:
    delayed(rules)
    assert approve(wait(by=operator), second).state == RunState.CONFIRMED


# --- what ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plan_sha256", "plan_digest"])
def test_another_plan_than_the_one_that_waits_is_not_approved(
    wait: Wait, operator: Actor, name: str
) -> None:
    run = wait()
    with pytest.raises(PlanChanged, match="not the plan that waits"):
        approve(run, operator, **{name: "c3" * 32})
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_an_approval_is_for_this_very_plan(wait: Wait, operator: Actor) -> None:
    run = approve(wait(), operator)
    run.plan_sha256 = "c3" * 32
    with pytest.raises(NotApproved, match="another plan"):
        gates.check_approval(run)


def test_without_an_approval_nothing_that_needs_one_is_applied(wait: Wait) -> None:
    run = wait()
    with pytest.raises(NotApproved, match="nobody approved it"):
        gates.check_approval(run)
    run.reasons = []
    gates.check_approval(run)


# --- how long -----------------------------------------------------------------------


def change_state(run: Run) -> None:
    StateVersion.objects.create(
        deployment=run.deployment, run=run, serial=9, lineage="x", md5="", content=b"{}"
    )


def change_entitlement(run: Run) -> None:
    Entitlement.objects.filter(tenant=run.tenant).update(size="large")


def change_policies(run: Run) -> None:
    RegoPolicy.objects.create(
        name="new", text="package paybill", cases=[], enabled=True
    )


def let_time_pass(run: Run) -> None:
    aged(run, 24 * 60)


CHANGES = pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_state, "the state changed"),
        (change_entitlement, "entitled to changed"),
        (change_policies, "the policies changed"),
        (let_time_pass, "waited longer than the 24 hours"),
    ],
)


@CHANGES
def test_a_stale_plan_is_neither_approved_nor_applied(
    wait: Wait, operator: Actor, change: Wait, words: str
) -> None:
    run = wait()
    change(run)
    with pytest.raises(PlanStale, match=words):
        approve(Run.objects.get(), operator)
    with pytest.raises(PlanStale, match=words):
        gates.check_approval(Run.objects.get())


@CHANGES
def test_a_stale_plan_is_discarded_by_itself(
    wait: Wait, operator: Actor, change: Wait, words: str
) -> None:
    run = approve(wait(), operator)
    assert expiry.withdraw() == 0
    change(run)
    assert expiry.withdraw() == 1
    run.refresh_from_db()
    assert run.state == RunState.DISCARDED
    assert words in run.explanation
    assert words in Transition.objects.get(new="discarded").reason
    assert words in Approval.objects.get().void
    assert not PlanFile.objects.exists()
    assert expiry.withdraw() == 0


def test_a_payment_that_arrives_makes_no_plan_stale(wait: Wait) -> None:
    run = wait()
    Entitlement.objects.filter(tenant=run.tenant).update(version=7, state="grace")
    assert approvals.staleness(Run.objects.get()) == ""


def test_an_approval_expires(wait: Wait, operator: Actor) -> None:
    run = approve(wait(), operator)
    Approval.objects.update(expires_at=timezone.now())
    with pytest.raises(NotApproved, match="expired"):
        gates.check_approval(run)
    assert expiry.withdraw() == 1


def test_a_plan_that_holds_is_not_withdrawn(wait: Wait) -> None:
    with pytest.raises(IllegalMove, match="still holds"):
        perform(WithdrawRun, wait(), actor=REAPER)


# --- the rules themselves -----------------------------------------------------------


def test_changed_rules_are_audited_and_end_earlier_approvals(
    wait: Wait, operator: Actor, rules: RunRules
) -> None:
    run = approve(wait(), operator)
    wanted = {"four_eyes": "delayed", "approval_hours": 48}
    perform(ChangeRunRules, rules, wanted, actor=operator, reason="holidays")
    with pytest.raises(NotApproved, match="rules for runs changed"):
        gates.check_approval(run)
    entry = AuditEntry.objects.get(action="provisioning.change_run_rules")
    assert '"before":{' in entry.body
    assert '"four_eyes":"strict"' in entry.body
    assert '"four_eyes":"delayed"' in entry.body


def test_only_who_may_changes_the_rules(rules: RunRules, owner: Actor) -> None:
    with pytest.raises(NotFound):
        perform(ChangeRunRules, rules, {"four_eyes": "delayed"}, actor=owner)


# --- beside it ----------------------------------------------------------------------


def test_a_discarded_plan_changes_nothing(wait: Wait, operator: Actor) -> None:
    run = perform(DiscardRun, wait(by=operator), actor=operator).result
    assert run.state == RunState.DISCARDED
    assert operator.label in run.explanation
    assert not PlanFile.objects.exists()


def test_a_comment_stays_beside_the_run(wait: Wait, operator: Actor) -> None:
    run = wait()
    perform(CommentRun, run, {"text": "Look at the backup first."}, actor=operator)
    (comment,) = run.comments.all()
    assert (comment.author, comment.text) == (
        operator.label,
        "Look at the backup first.",
    )
