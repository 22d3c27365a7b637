"""States that were rescued or went wrong: what operators do with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paybill_site.kernel.actions import perform
from provisioning import state, statediff
from provisioning.actions import (
    AdoptState,
    DiscardState,
    ReleaseStateLock,
    RescueState,
    RollbackState,
    ThawDeployment,
)
from provisioning.actions.statefile import RescueInput
from provisioning.errors import Frozen, IllegalLock, RunActive, StateRefused
from provisioning.models import Deployment, Run, StateLock, StateVersion
from provisioning.states import RunState
from provisioning.system import REAPER
from tests.provisioning.backend import Terraform, body, run, terraform
from tests.provisioning.conftest import OPERATOR, queue

__all__ = ["run", "terraform"]


def test_a_lock_is_released_by_an_operator_when_no_run_is_active(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    with pytest.raises(IllegalLock):
        perform(ReleaseStateLock, run.deployment, actor=OPERATOR)
    Run.objects.update(state=RunState.ERRORED)
    perform(ReleaseStateLock, run.deployment, actor=OPERATOR)
    assert not StateLock.objects.exists()


def test_a_rescued_state_freezes_the_deployment_until_it_is_adopted(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(1))
    rescued = RescueInput(fence=run.fence, body=body(5, resources=[{}]))
    perform(RescueState, run, rescued, actor=REAPER)
    assert json.loads(terraform("GET").content)["serial"] == 1
    Run.objects.update(state=RunState.ERRORED)
    deployment = Deployment.objects.get()
    with pytest.raises(Frozen, match="has to be adopted"):
        queue(deployment)
    adopted = perform(AdoptState, deployment, actor=OPERATOR).result
    assert (adopted.serial, adopted.origin) == (5, "adopted")
    assert queue(deployment).state == RunState.PENDING
    with pytest.raises(StateRefused):
        perform(AdoptState, deployment, actor=OPERATOR)


def test_a_rescued_state_that_does_not_follow_is_discarded(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(5))
    for rescued in (body(4), b"half a sta"):
        kept = RescueInput(fence=run.fence, body=rescued)
        assert perform(RescueState, run, kept, actor=REAPER).result.origin == "rescued"
        perform(RescueState, run, kept, actor=REAPER)
    assert StateVersion.objects.filter(origin="rescued").count() == 2
    Run.objects.update(state=RunState.ERRORED)
    deployment = Deployment.objects.get()
    with pytest.raises(StateRefused, match="serial 4 does not follow 5"):
        perform(AdoptState, deployment, actor=OPERATOR)
    with pytest.raises(Frozen, match="adopt or discard"):
        perform(ThawDeployment, deployment, actor=OPERATOR)
    perform(DiscardState, deployment, actor=OPERATOR, reason="it is older")
    deployment.refresh_from_db()
    assert (deployment.frozen, deployment.settled) == ("", False)
    newest = state.current(deployment)
    assert newest is not None
    assert newest.serial == 5


def test_a_state_that_arrived_after_all_freezes_nothing(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(1))
    perform(RescueState, run, RescueInput(fence=run.fence, body=body(1)), actor=REAPER)
    assert not Deployment.objects.get().frozen
    assert StateVersion.objects.count() == 1


def resource(name: str, **attributes: Any) -> dict[str, Any]:
    sensitive = [[{"type": "get_attr", "value": "password"}]]
    instance = {"attributes": attributes, "sensitive_attributes": sensitive}
    return {"mode": "managed", "type": "t", "name": name, "instances": [instance]}


def test_two_versions_are_compared_without_their_secrets(terraform: Terraform) -> None:
    before = [resource("a", size=1, password="hunter1"), resource("gone", id="x")]
    after = [resource("a", size=2, password="hunter2"), resource("new", id="y")]
    terraform.lock()
    terraform.save(body(1, resources=before, outputs={"o": {"value": "hunter3"}}))
    terraform.save(body(2, resources=after))
    newer, older = StateVersion.objects.all()
    shown = statediff.diff(older, newer)
    assert shown["added"] == ["t.new"]
    assert shown["removed"] == ["t.gone"]
    assert shown["outputs"] == ["o"]
    masked = {"name": "password", "before": "(sensitive)", "after": "(sensitive)"}
    plain = {"name": "size", "before": 1, "after": 2}
    assert shown["changed"] == [{"address": "t.a", "attributes": [masked, plain]}]
    assert "hunter" not in json.dumps(shown)


def test_an_older_state_is_put_in_force_again_as_a_new_version(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    for number in (1, 2, 3):
        terraform.save(body(number, resources=[resource("a", size=number)]))
    older, newest = StateVersion.objects.get(serial=1), StateVersion.objects.first()
    with pytest.raises(RunActive):
        perform(RollbackState, older, actor=OPERATOR)
    Run.objects.update(state=RunState.FAILED)
    again = perform(RollbackState, older, actor=OPERATOR).result
    assert (again.serial, again.lineage, again.origin) == (4, "line-1", "reverted")
    assert state.current(run.deployment) == again
    held = json.loads(again.content)
    assert (held["serial"], held["resources"][0]["instances"][0]["attributes"]) == (
        4,
        {"size": 1},
    )
    deployment = Deployment.objects.get()
    assert (deployment.frozen, deployment.settled) == ("", False)
    with pytest.raises(StateRefused):
        perform(RollbackState, again, actor=OPERATOR)
    assert newest is not None
