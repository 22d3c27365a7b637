"""A run that ends early is undone, step by step, the newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.actions.workflows import (
    CancelWorkflowRun,
    EndOverdueRun,
    FailUndoing,
    FinishUndoing,
    RetryCompensation,
    StopRun,
)
from agents.dispatch import call
from agents.events import RunDue, RunReady, RunUndoing
from agents.models import WorkflowRun
from agents.states import RUN_MOVES, RunStatus
from agents.workflows import compensating, handlers
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, PaybillError
from paybill_site.kernel.models import AuditEntry, Delivery, IdempotencyKey
from tests.agents.listing import Redescribe, describe, started, take


@pytest.fixture
def run(clerk: Actor, product: Product) -> WorkflowRun:
    """A run with three steps: described twice, copied."""
    run = started(clerk, product)
    describe(clerk, run, "First")
    describe(clerk, run, "Second")
    take(clerk, "copy", run, name="Two")
    run.refresh_from_db()
    return run


def end(run: WorkflowRun) -> WorkflowRun:
    """Let everything that follows happen."""
    outbox.drain()
    run.refresh_from_db()
    return run


def undone() -> list[str]:
    """The keys of what was undone, in its order."""
    keys = IdempotencyKey.objects.filter(principal=compensating.ME).order_by("at", "pk")
    return [k.key.partition(":")[2] for k in keys if k.key.endswith(":undo")]


def test_an_agent_cancels_its_run_and_everything_is_undone(
    clerk: Actor, product: Product, run: WorkflowRun
) -> None:
    arguments = {"id": run.public_id, "reason": "changed my mind"}
    call(clerk, "cancel_workflow_run", arguments, key="cancel")
    run.refresh_from_db()
    assert (run.status, run.why) == ("compensating", "changed my mind")
    end(run)
    product.refresh_from_db()
    assert (run.status, product.description) == ("cancelled", "A chair")
    assert undone() == ["3:undo", "2:undo", "1:undo"]
    assert set(run.steps.values_list("status", flat=True)) == {"undone"}
    entries = AuditEntry.objects.filter(action="storefront.redescribe")
    assert {(e.actor, e.outcome) for e in entries} == {("system:workflows", "done")}
    assert run.deadline_at is None


def test_a_run_without_steps_is_cancelled_at_once(
    clerk: Actor, product: Product
) -> None:
    run = started(clerk, product)
    perform(CancelWorkflowRun, run, None, actor=clerk)
    run.refresh_from_db()
    assert (run.status, run.why) == ("cancelled", "cancelled")
    assert run.ended_at is not None


def test_a_deadline_wakes_who_ends_the_run(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    describe(clerk, run)
    run.refresh_from_db()
    assert run.deadline_at is not None
    assert run.deadline_at == run.created_at + timedelta(days=1)
    waits = Delivery.objects.filter(event__name="agents.run_due")
    assert {d.next_at for d in waits} == {run.deadline_at}
    end(run)
    assert run.status == "active"
    with pytest.raises(IllegalMove):
        perform(EndOverdueRun, run, None, actor=compensating.me())
    late = timezone.now() - timedelta(seconds=1)
    WorkflowRun.objects.filter(pk=run.pk).update(deadline_at=late)
    waits.update(next_at=late)
    end(run)
    product.refresh_from_db()
    assert (run.status, run.why) == ("cancelled", "its time was over")
    assert product.description == "A chair"


def test_a_step_may_be_in_more_of_a_hurry_than_its_run(run: WorkflowRun) -> None:
    assert run.deadline_at is not None
    assert run.deadline_at - timezone.now() < timedelta(hours=1)


def test_a_system_step_that_is_refused_ends_the_run(
    run: WorkflowRun, product: Product
) -> None:
    Product.objects.filter(pk=product.pk).delete()
    end(run)
    assert run.status == "failed"  # and what is gone can not be undone either


def test_what_can_not_be_undone_waits_for_an_operator(
    clerk: Actor, keeper: Actor, product: Product
) -> None:
    run = started(clerk, product)
    describe(clerk, run, "First")
    Product.objects.filter(pk=product.pk).update(name="Stubborn")
    perform(CancelWorkflowRun, run, None, actor=clerk)
    end(run)
    assert (run.status, run.why) == ("failed", "it stays as it is")
    with pytest.raises(PaybillError):
        perform(RetryCompensation, run, None, actor=clerk)
    Product.objects.filter(pk=product.pk).update(name="Chair")
    perform(RetryCompensation, run, None, actor=keeper)
    end(run)
    product.refresh_from_db()
    assert (run.status, product.description) == ("cancelled", "A chair")


def test_whoever_goes_on_after_a_crash_undoes_nothing_twice(
    clerk: Actor, run: WorkflowRun
) -> None:
    perform(CancelWorkflowRun, run, None, actor=clerk)
    left = list(compensating.left(run))
    compensating.undo(run, *left[0])  # and here the worker dies
    end(run)
    assert (run.status, undone()) == ("cancelled", ["3:undo", "2:undo", "1:undo"])


def test_nobody_but_the_system_undoes_and_only_what_is_next(
    clerk: Actor, keeper: Actor, product: Product, run: WorkflowRun
) -> None:
    perform(CancelWorkflowRun, run, None, actor=clerk)
    for actor in (clerk, keeper):
        with pytest.raises(PaybillError):
            perform(Redescribe, product, {"text": "x"}, actor=actor, run=run.public_id)
    (_, _), (row, step), *_ = compensating.left(run)
    with pytest.raises(PaybillError):
        perform(FinishUndoing, run, None, actor=compensating.me())
    assert row.seq == 2
    assert step.undo is Redescribe


def test_late_messages_change_nothing(clerk: Actor, run: WorkflowRun) -> None:
    perform(CancelWorkflowRun, run, None, actor=clerk)
    end(run)
    steps = list(run.steps.values())
    Delivery.objects.exclude(state="pending").update(
        state="pending", settled_at=None, next_at=timezone.now()
    )
    end(run)
    assert run.status == "cancelled"
    assert list(run.steps.values()) == steps


VERBS: dict[Any, RunStatus] = {
    CancelWorkflowRun: RunStatus.COMPENSATING,
    StopRun: RunStatus.COMPENSATING,
    FailUndoing: RunStatus.FAILED,
    RetryCompensation: RunStatus.COMPENSATING,
}


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_every_pair_of_status_and_verb(
    status: RunStatus, verb: Any, clerk: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    WorkflowRun.objects.filter(pk=run.pk).update(status=status)
    actor = (
        keeper if verb in {CancelWorkflowRun, RetryCompensation} else compensating.me()
    )
    data = {"reason": "because"} if verb is not RetryCompensation else None
    going = status in {RunStatus.ACTIVE, RunStatus.WAITING}
    allowed = {
        CancelWorkflowRun: going,
        StopRun: going,
        FailUndoing: RunStatus.FAILED in RUN_MOVES[status],
        RetryCompensation: status == RunStatus.FAILED,
    }[verb]
    if not allowed:
        with pytest.raises(IllegalMove):
            perform(verb, run, data, actor=actor)
        run.refresh_from_db()
        assert run.status == status
        return
    perform(verb, run, data, actor=actor)
    run.refresh_from_db()
    assert run.status == VERBS[verb]


def test_handlers_leave_alone_what_is_not_theirs(run: WorkflowRun) -> None:
    before = WorkflowRun.objects.values().get(pk=run.pk)
    handlers.undo(RunUndoing(run=run.public_id), "dlv_1")
    handlers.end_overdue(RunDue(run=run.public_id, at=timezone.now()), "dlv_2")
    handlers.go_on(RunReady(run=run.public_id, taken=1), "dlv_3")
    assert WorkflowRun.objects.values().get(pk=run.pk) == before
