"""A run is queued once, when the entitlement permits it, and says why not."""

from __future__ import annotations

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden, IllegalMove, NotFound
from paybill_site.kernel.models import AuditEntry, OutboxEvent, Transition
from provisioning import queue as order
from provisioning.actions import (
    CancelRun,
    ClaimRun,
    ConfirmRun,
    DiscardRun,
    QueueRun,
    RetryRun,
)
from provisioning.errors import (
    Frozen,
    LeaseLost,
    NotEntitled,
    RunActive,
    TerraformMissing,
)
from provisioning.models import Deployment, Run, StackVersion
from provisioning.states import Phase, PhaseState, RunState
from provisioning.system import RUNNER
from provisioning.transitions import RUN
from tenants.models import Entitlement
from tests.cast import acting
from tests.provisioning.conftest import OPERATOR, Entitle, queue


def test_a_queued_run_pins_what_it_will_do(deployment: Deployment) -> None:
    run = queue(deployment, "first")
    assert run.state == RunState.PENDING
    assert run.stack == "local/bridge"
    assert len(run.stack_digest) == 64
    assert run.inputs["tenant"] == deployment.tenant.public_id
    assert run.terraform_version
    assert [(p.name, p.state) for p in run.phases.all()] == [
        (name, PhaseState.PENDING) for name in Phase
    ]
    assert run.stack_version == StackVersion.objects.get()
    assert run.stack_version == Deployment.objects.get().stack_version
    assert run.stack_digest == run.stack_version.digest
    assert run.requested_by == ""  # a part of the system asked
    assert OutboxEvent.objects.filter(name="provisioning.run_queued").count() == 1


def test_the_same_trigger_is_the_same_run(deployment: Deployment) -> None:
    first = queue(deployment, "delivery-1")
    assert queue(deployment, "delivery-1").pk == first.pk
    assert Run.objects.count() == 1


def test_a_trigger_leads_to_no_other_deployments_run(entitle: Entitle) -> None:
    queue(entitle(slug="one"), "delivery-1")
    with pytest.raises(Conflict, match="another deployment"):
        queue(entitle(slug="two"), "delivery-1")


def test_a_second_active_run_is_refused(deployment: Deployment) -> None:
    queue(deployment, "one")
    with pytest.raises(RunActive, match="pending"):
        queue(deployment, "two")


@pytest.mark.parametrize("state", ["none", "suspended", "ended"])
def test_without_a_valid_subscription_nothing_is_built(
    deployment: Deployment, state: str
) -> None:
    Entitlement.objects.update(state=state)
    with pytest.raises(NotEntitled, match=state):
        queue(deployment)
    denied = AuditEntry.objects.get(outcome="denied")
    assert denied.chain == deployment.tenant.public_id
    assert "entitlement" in denied.body


def test_a_plan_for_the_pool_does_not_permit_a_database_of_its_own(
    deployment: Deployment,
) -> None:
    Entitlement.objects.update(isolation="pooled")
    with pytest.raises(NotEntitled, match="permits pooled"):
        queue(deployment)


def test_what_a_live_tenant_uses_is_not_destroyed(deployment: Deployment) -> None:
    with pytest.raises(NotEntitled, match="close the tenant first"):
        queue(deployment, operation="destroy")


def test_a_frozen_deployment_starts_nothing(deployment: Deployment) -> None:
    Deployment.objects.update(frozen="a state waits to be adopted")
    with pytest.raises(Frozen, match="adopted"):
        queue(deployment)


def test_without_terraform_the_refusal_says_what_to_do(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM_BIN", "/nowhere/terraform")
    with pytest.raises(TerraformMissing, match="TERRAFORM_BIN"):
        queue(deployment)


def test_an_outsider_finds_no_deployment_and_no_run(
    deployment: Deployment, outsider: Actor
) -> None:
    run = queue(deployment)
    with pytest.raises(NotFound):
        perform(QueueRun, deployment, actor=outsider)
    with pytest.raises(NotFound):
        perform(CancelRun, run, actor=outsider)


def test_a_customer_sees_its_run_and_can_not_steer_it(deployment: Deployment) -> None:
    run = queue(deployment)
    customer = acting(User.objects.get(email="acme@example.com"))
    assert Run.objects.visible_to(customer).get() == run
    for action in (CancelRun, DiscardRun, RetryRun):
        with pytest.raises(Forbidden):
            perform(action, run, actor=customer)


def test_an_operator_may_queue_and_cancel(
    deployment: Deployment, operator: Actor
) -> None:
    run = perform(QueueRun, deployment, actor=operator).result
    assert perform(CancelRun, run, actor=operator).result.state == RunState.CANCELED


def test_a_rehearsal_queues_nothing(deployment: Deployment) -> None:
    shown = rehearse(QueueRun, deployment, actor=OPERATOR)
    assert [event["name"] for event in shown.events] == ["provisioning.run_queued"]
    assert not Run.objects.exists()


def test_a_pending_run_is_canceled_at_once_and_can_be_retried(
    deployment: Deployment,
) -> None:
    run = perform(CancelRun, queue(deployment), actor=OPERATOR).result
    assert run.state == RunState.CANCELED
    states = {p.state for p in run.phases.all()}
    assert states == {PhaseState.UNREACHABLE}
    again = perform(RetryRun, run, actor=OPERATOR).result
    assert (again.attempt, again.state) == (2, RunState.PENDING)
    assert perform(RetryRun, run, actor=OPERATOR).result.pk == again.pk


@pytest.mark.parametrize("state", ["applied", "failed"])
def test_it_is_too_late_to_cancel(deployment: Deployment, state: str) -> None:
    run = queue(deployment)
    Run.objects.update(state=state)
    with pytest.raises(IllegalMove, match=f"run is {state}"):
        perform(CancelRun, run, actor=OPERATOR)


def test_a_run_that_waits_for_a_worker_can_not_be_confirmed(
    deployment: Deployment,
) -> None:
    run = queue(deployment)
    shown = {"plan_sha256": "0" * 64, "plan_digest": "0" * 64}
    for action, data in ((ConfirmRun, shown), (DiscardRun, {})):
        with pytest.raises(IllegalMove, match="run is pending"):
            perform(action, run, data, actor=OPERATOR)


def test_every_move_is_written_down(deployment: Deployment) -> None:
    run = perform(CancelRun, queue(deployment), actor=OPERATOR).result
    moves = Transition.objects.filter(machine="run").values_list("old", "new", "actor")
    assert list(moves) == [("pending", "canceled", OPERATOR.id)]
    entries = AuditEntry.objects.filter(target__contains=run.public_id)
    assert entries.get().outcome == "done"


def test_applies_go_before_plans_and_tenants_take_turns(entitle: Entitle) -> None:
    busy, quiet = entitle(slug="busy"), entitle(slug="quiet")
    for number in range(3):
        perform(CancelRun, queue(busy, f"busy-{number}"), actor=OPERATOR)
    late = queue(busy, "busy-last")
    fair = queue(quiet, "quiet")
    assert list(order.claimable()) == [fair, late]
    Run.objects.filter(pk=late.pk).update(state=RunState.CONFIRMED)
    assert order.claimable().first() == late


def test_two_workers_woken_at_once_take_two_runs(entitle: Entitle) -> None:
    runs = {queue(entitle(slug=slug)).public_id for slug in ("one", "two")}
    first, second = order.reserve(), order.reserve()
    assert first is not None
    assert second is not None
    assert {first[0], second[0]} == runs
    assert order.reserve() is None
    wrong = {"holder": "h 1 1", "reservation": second[1]}
    with pytest.raises(LeaseLost):
        perform(ClaimRun, first[0], wrong, actor=RUNNER)
    right = {"holder": "h 1 1", "reservation": first[1]}
    assert perform(ClaimRun, first[0], right, actor=RUNNER).result.holder == "h 1 1"


def test_no_state_is_without_its_moves() -> None:
    assert set(RUN.moves) == set(RunState.values)
