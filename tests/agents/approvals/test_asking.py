"""What a person has to agree to waits, is done once, and the agent can ask for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.actions.approvals import ApproveCall, RefuseCall, WithdrawApproval
from agents.actions.workflows import CancelWorkflowRun
from agents.dispatch import call
from agents.models import Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import KeyReused, PaybillError
from paybill_site.kernel.models import AuditEntry, Delivery, DeliveryState
from tests.agents.listing import (
    ProductDescribed,
    asked,
    describe,
    person,
    started,
    take,
)


@pytest.fixture
def run(clerk: Actor, product: Product) -> WorkflowRun:
    """A run that stands where a copy may be made."""
    run = started(clerk, product)
    describe(clerk, run)
    run.refresh_from_db()
    return run


def copies() -> list[str]:
    return list(
        Product.objects.filter(name__startswith="Dear").values_list("name", flat=True)
    )


def say_yes(approval: Approval, keeper: Actor) -> None:
    perform(ApproveCall, approval, {"reason": "go on"}, actor=keeper)


def looked(actor: Actor, approval: Approval) -> dict[str, Any]:
    """What the agent is told when it asks."""
    return call(actor, "get_approval", {"id": approval.public_id}).result


def test_what_needs_nobody_is_done_at_once(clerk: Actor, run: WorkflowRun) -> None:
    answer = take(clerk, "copy", run, name="Cheap chair")
    assert (answer.approval, Approval.objects.count()) == ("", 0)
    assert answer.result["id"].startswith("prd_")


def test_a_wish_waits_and_nothing_has_happened(clerk: Actor, run: WorkflowRun) -> None:
    approval = asked(clerk, run)
    run.refresh_from_db()
    assert (approval.state, run.status, run.taken) == ("waiting", "waiting", 1)
    assert approval.why == "copies are dear"
    assert copies() == []
    told = looked(clerk, approval)
    assert (told["state"], told["run"], told["result"]) == (
        "waiting",
        run.public_id,
        None,
    )
    assert told["why"] == "copies are dear"


def test_what_will_happen_is_stored_row_by_row(clerk: Actor, run: WorkflowRun) -> None:
    shown = asked(clerk, run).shown
    fields = {change["field"]: change["after"] for change in shown["changes"]}
    assert (fields["name"], fields["description"]) == ("Dear chair", "A table")
    (event,) = shown["events"]
    assert event["name"] == ProductDescribed.name


def test_with_a_yes_it_is_done_as_the_agent_that_asked(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    say_yes(approval, keeper)
    assert copies() == []  # not in the transaction of the yes
    outbox.drain()
    approval.refresh_from_db()
    run.refresh_from_db()
    assert copies() == ["Dear chair"]
    assert (approval.state, approval.decided_by) == ("used", keeper.id)
    assert run.steps.filter(name="copy", by=clerk.id).count() == 1
    told = looked(clerk, approval)
    assert told["result"]["id"] == Product.objects.get(name="Dear chair").public_id
    entry = AuditEntry.objects.filter(action="storefront.copy", outcome="done").get()
    assert entry.actor == clerk.id
    assert approval.public_id in entry.body


def test_an_event_that_comes_twice_does_it_once(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    say_yes(approval, keeper)
    outbox.drain()
    # The worker died before it could write down that it was done.
    rows = Delivery.objects.filter(event__name="agents.approval_granted")
    rows.update(state=DeliveryState.PENDING, settled_at=None, claimed_until=None)
    outbox.drain()
    assert copies() == ["Dear chair"]
    assert run.steps.filter(name="copy").count() == 1


def test_the_same_call_again_is_answered_the_same(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    first, again = asked(clerk, run), asked(clerk, run)
    assert first == again
    with pytest.raises(KeyReused):
        take(clerk, "copy", run, key="copy-Dear-chair", name="Dear other")
    elsewhere = take(clerk, "copy", run, key="another", name="Dear chair")
    assert elsewhere.approval == first.public_id
    say_yes(first, keeper)
    outbox.drain()
    done = take(clerk, "copy", run, key="copy-Dear-chair", name="Dear chair")
    assert done.repeated
    assert done.result == looked(clerk, first)["result"]


def test_the_agent_may_use_the_approval_itself(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    say_yes(approval, keeper)
    told = {"name": "Dear chair", "approval": approval.public_id}
    answer = take(clerk, "copy", run, key="copy-Dear-chair", **told)
    assert (answer.repeated, copies()) == (False, ["Dear chair"])
    outbox.drain()
    assert copies() == ["Dear chair"]


def test_an_approval_is_for_one_call(
    clerk: Actor, rival: Actor, keeper: Actor, run: WorkflowRun, other: Product
) -> None:
    approval = asked(clerk, run)
    tried = {"name": "Dear chair", "approval": approval.public_id}

    def rule(actor: Actor = clerk, key: str = "copy-Dear-chair", **more: str) -> str:
        with pytest.raises(PaybillError) as caught:
            take(actor, "copy", run, key=key, **{**tried, **more})
        return str(caught.value.members.get("rule", caught.value.code))

    assert rule() == "approval_state"  # nobody said yes
    say_yes(approval, keeper)
    assert rule(name="Dear sofa") == "approval"
    assert rule(key="another") == "approval"
    assert rule(approval="apr_00000000000000000000000000") == "approval"
    assert rule(rival) == "not_found"  # neither the run nor the approval is its own
    approval.refresh_from_db()
    assert (approval.state, copies()) == ("approved", [])


def test_a_no_is_told_with_its_reason(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    perform(RefuseCall, approval, {"reason": "too dear"}, actor=keeper)
    told = looked(clerk, approval)
    assert (told["state"], told["outcome"]) == ("refused", "too dear")
    run.refresh_from_db()
    assert run.status == "active"
    assert asked(clerk, run).state == "refused"  # the same key, the same answer
    assert asked(clerk, run, "Dear stool").state == "waiting"


def test_the_agent_withdraws_what_it_asked_for(
    clerk: Actor, rival: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    with pytest.raises(PaybillError):
        call(rival, "withdraw_approval", {"id": approval.public_id}, key="mine")
    call(clerk, "withdraw_approval", {"id": approval.public_id}, key="not-now")
    told = looked(clerk, approval)
    assert (told["state"], told["outcome"]) == ("revoked", "withdrawn by the agent")
    run.refresh_from_db()
    assert run.status == "active"


def test_an_agent_sees_no_approval_of_another(
    clerk: Actor, rival: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    with pytest.raises(PaybillError, match="no such approval"):
        looked(rival, approval)
    assert call(rival, "list_approvals", {}).result["rows"] == []
    assert not Approval.objects.visible_to(replace(clerk, behalf=person("ann")))


def test_secrets_are_sealed_and_nowhere_else(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    answer = take(clerk, "copy", run, name="Dear chair", secret="open sesame")
    approval = Approval.objects.get(public_id=answer.approval)
    assert approval.arguments == {"name": "Dear chair"}
    assert "open sesame" in approval.sealed
    assert "open sesame" not in str(approval.shown)
    assert not AuditEntry.objects.filter(body__contains="open sesame").exists()
    say_yes(approval, keeper)
    outbox.drain()
    assert copies() == ["Dear chair"]
    approval.refresh_from_db()
    assert "sesame" not in approval.sealed  # nobody needs it any more
    assert not AuditEntry.objects.filter(body__contains="open sesame").exists()
    told = {"name": "Dear chair", "secret": "open sesame"}
    assert take(clerk, "copy", run, **told).repeated


def test_a_run_that_ends_takes_its_approvals_along(
    clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    waits = asked(clerk, run)
    perform(CancelWorkflowRun, run, None, actor=clerk)
    waits.refresh_from_db()
    assert (waits.state, waits.outcome) == ("revoked", "the run was ended")


def test_what_destroys_is_never_done_without_a_person(
    clerk: Actor, keeper: Actor, run: WorkflowRun, product: Product
) -> None:
    WorkflowRun.objects.filter(pk=run.pk).update(state="seen")
    answer = take(clerk, "retire", run)
    product.refresh_from_db()
    assert (answer.result, product.active) == ({}, True)
    approval = Approval.objects.get(public_id=answer.approval)
    assert approval.why == "it can not be undone"
    say_yes(approval, keeper)
    outbox.drain()
    product.refresh_from_db()
    run.refresh_from_db()
    assert (product.active, run.status) == (False, "done")


def test_nobody_is_asked_without_end(
    clerk: Actor, run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.actions.approvals.MOST_OPEN", 2)
    asked(clerk, run, "Dear one")
    asked(clerk, run, "Dear two")
    with pytest.raises(PaybillError) as caught:
        asked(clerk, run, "Dear three")
    assert caught.value.members["rule"] == "approvals_open"


def test_withdrawing_needs_no_scope(clerk: Actor, run: WorkflowRun) -> None:
    assert clerk.scopes is not None
    assert WithdrawApproval.permission not in clerk.scopes
