"""Two at the same moment: one run, one step, one decision, one use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agents.actions.approvals import (
    ApproveCall,
    RefuseCall,
    RevokeApproval,
    VoidApproval,
)
from agents.actions.workflows import CancelWorkflowRun
from agents.approvals import asking
from agents.models import Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import Place
from tests.agents.listing import CHANGE, READ, asked, describe, person, started, take
from tests.races import at_once

DECIDE = ("agents.view_approval", "agents.decide_approval")
WHY = {"reason": "because"}


@pytest.fixture
def run(committed: None, clerk: Actor, product: Product) -> WorkflowRun:
    run = started(clerk, product)
    describe(clerk, run)
    return run


def won(results: list[Any]) -> int:
    return sum(not isinstance(result, PaybillError) for result in results)


def test_one_run_begins(
    committed: None, clerk: Actor, product: Product, tenant_a: Place
) -> None:
    calls = [lambda n=n: started(clerk, product, key=f"s{n}") for n in range(4)]
    assert won(at_once(calls, tenant_a)) == 1
    assert WorkflowRun.objects.count() == 1


def test_one_step_is_taken(clerk: Actor, run: WorkflowRun, tenant_a: Place) -> None:
    def copy(number: int) -> Callable[[], Any]:
        return lambda: take(clerk, "copy", run, key=f"c{number}", name=f"C{number}")

    assert won(at_once([copy(n) for n in range(4)], tenant_a)) == 1
    assert run.steps.filter(name="copy").count() == 1
    assert (
        Product.objects.filter(name__startswith="C", name__regex="C[0-9]").count() == 1
    )


def test_a_step_and_the_end_of_the_run(
    clerk: Actor, run: WorkflowRun, tenant_a: Place
) -> None:
    def cancel() -> Any:
        return perform(CancelWorkflowRun, run, None, actor=clerk)

    def copy() -> Any:
        return take(clerk, "copy", run, key="c", name="C1")

    at_once([cancel, copy, cancel], tenant_a)
    outbox.drain()
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert not run.steps.filter(status="done").exists()


def test_one_decision_counts(
    clerk: Actor, keeper: Actor, run: WorkflowRun, tenant_a: Place
) -> None:
    boss = person("boss", READ, CHANGE, *DECIDE)
    for number in range(3):
        approval = asked(clerk, run, f"Dear {number}")
        decisions: list[Callable[[], Any]] = [
            lambda: perform(ApproveCall, approval, None, actor=keeper),  # noqa: B023
            lambda: perform(ApproveCall, approval, None, actor=boss),  # noqa: B023
            lambda: perform(RefuseCall, approval, WHY, actor=boss),  # noqa: B023
            lambda: perform(VoidApproval, approval, WHY, actor=asking.ME),  # noqa: B023
        ]
        results = at_once(decisions, tenant_a)
        approval.refresh_from_db()
        # Void may still follow a yes; nothing else follows anything.
        assert won(results) in {1, 2}
        assert approval.state in {"approved", "refused", "void"}
        if won(results) == 2:
            assert approval.state == "void"
        if approval.state == "approved":
            perform(RevokeApproval, approval, None, actor=keeper)


def test_an_approval_is_used_once(
    clerk: Actor, keeper: Actor, run: WorkflowRun, tenant_a: Place
) -> None:
    approval = asked(clerk, run, "Dear once")
    perform(ApproveCall, approval, None, actor=keeper)

    def use() -> Any:
        told = {"name": "Dear once", "approval": approval.public_id}
        return take(clerk, "copy", run, key="copy-Dear-once", **told)

    at_once([use, use, outbox.drain, use, outbox.drain], tenant_a)
    outbox.drain()
    approval.refresh_from_db()
    assert approval.state == "used"
    assert Product.objects.filter(name="Dear once").count() == 1
    assert run.steps.filter(name="copy").count() == 1


def test_a_yes_that_is_taken_back_at_the_moment_of_its_use(
    clerk: Actor, keeper: Actor, run: WorkflowRun, tenant_a: Place
) -> None:
    approval = asked(clerk, run, "Dear maybe")
    perform(ApproveCall, approval, None, actor=keeper)

    def revoke() -> Any:
        return perform(RevokeApproval, approval, None, actor=keeper)

    at_once([outbox.drain, revoke], tenant_a)
    outbox.drain()
    approval.refresh_from_db()
    used = Product.objects.filter(name="Dear maybe").exists()
    assert approval.state == ("used" if used else "revoked")


def test_the_same_wish_at_once_is_one_approval(
    clerk: Actor, run: WorkflowRun, tenant_a: Place
) -> None:
    def ask() -> Any:
        return take(clerk, "copy", run, key="same", name="Dear same")

    at_once([ask, ask, ask], tenant_a)
    assert Approval.objects.filter(key="same").count() == 1
