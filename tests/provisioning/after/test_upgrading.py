"""A small fleet is really moved: with Terraform, to a stack that has one part more."""

from __future__ import annotations

import pytest

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning import stacks, state
from provisioning.actions import StartRollout
from provisioning.fleet import driving
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.models import Deployment, Run, StackVersion
from provisioning.runner.work import work
from provisioning.states import ACTIVE, DeploymentState, RunState
from tests.provisioning.conftest import Entitle, queue

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine")]

MORE = """
resource "terraform_data" "mark" {
  input = "newer"
}
"""
WRONG = """
resource "terraform_data" "wrong" {
  input = "newer"

  provisioner "local-exec" {
    command = "exit 3"
  }
}
"""


def version(more: str) -> StackVersion:
    """The bridge stack of this machine with something added, archived."""
    files = {**stacks.find("local", "bridge").files(), "more.tf": more}
    return StackVersion.objects.create(
        name="local/bridge", digest=stacks.digest(files), files=files
    )


def work_off() -> None:
    for run in Run.objects.filter(state__in=ACTIVE):
        work(run.public_id)


def test_a_fleet_moves_and_a_broken_version_stops_at_its_canary(
    web: str, entitle: Entitle, operator: Actor
) -> None:
    fleet = [entitle("bridge", name) for name in ("acme", "bolt")]
    for deployment in fleet:
        run = queue(deployment)
        work(run.public_id)
        run.refresh_from_db()
        assert run.state == RunState.APPLIED, run.explanation

    newer = version(MORE)
    rollout = perform(StartRollout, newer, {}, actor=operator).result
    for _ in range(3):
        driving.go_on(rollout.public_id)
        work_off()
    assert driving.go_on(rollout.public_id) == RolloutState.DONE
    for deployment in fleet:
        deployment.refresh_from_db()
        assert deployment.state == DeploymentState.READY
        assert deployment.stack_digest == newer.digest
        current = state.current(deployment)
        assert current is not None
        assert current.resources == 2

    broken = perform(StartRollout, version(WRONG), {}, actor=operator).result
    for _ in range(2):
        driving.go_on(broken.public_id)
        work_off()
    assert driving.go_on(broken.public_id) == RolloutState.PAUSED
    states = [item.state for item in broken.items.all()]
    assert states == [ItemState.FAILED, ItemState.WAITING]
    spared = Deployment.objects.get(pk=fleet[1].pk)
    assert (spared.state, spared.stack_version) == (DeploymentState.READY, newer)
