"""A run applies what was planned, with the very tools it was planned with."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from provisioning import handover, terraform
from provisioning.actions import CancelRun, DiscardRun, QueueRun, RetryRun
from provisioning.models import Deployment, LogChunk, PlanFile, Run, StateVersion
from provisioning.plugins import locks
from provisioning.plugins.locks import Lock
from provisioning.runner import plans
from provisioning.runner.work import work
from provisioning.states import RunState
from tests.cast import acting
from tests.provisioning.conftest import OPERATOR, Hcl, Slow, confirm, queue

pytestmark = pytest.mark.usefixtures("web", "unfilled")

# What a service is handed once, and shows nobody: its length alone comes out.
TAKES = """
resource "terraform_data" "service" {
  input = "version ${var.handover_version}"
  provisioner "local-exec" {
    command = "test $(printenv HANDED | wc -c) -gt 10"
    environment = {
      HANDED = "nothing is handed to a provisioner"
    }
  }
}
check "handed" {
  assert {
    condition     = length(jsondecode(var.handover).database_password) > 30
    error_message = "nothing was handed over"
  }
}
"""


def planned(deployment: Deployment) -> Run:
    """A run whose plan waits for a person."""
    run = queue(deployment, needs_confirmation=True)
    assert work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.WAITING, (run.explanation, run.traceback)
    return run


def applied(run: Run) -> Run:
    work(run.public_id)
    run.refresh_from_db()
    return run


def test_the_same_inputs_give_the_same_digest_and_another_plan_file(
    slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    digests, files = set(), set()
    for _ in range(2):
        run = planned(deployment)
        digests.add(run.plan_digest)
        files.add(run.plan_sha256)
        perform(DiscardRun, run, actor=OPERATOR)
    assert len(digests) == 1
    assert len(files) == 2


def test_a_run_names_its_tools(slow: Slow, deployment: Deployment) -> None:
    slow(0)
    run = planned(deployment)
    assert run.terraform_version == terraform.version()
    assert len(run.mirror_digest) == len(run.lock_sha256) == 64
    assert run.providers == []  # this stack needs none


@pytest.mark.parametrize("what", ["Terraform", "mirror", "lock"])
def test_with_other_tools_than_planned_nothing_is_applied(
    slow: Slow, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    slow(0)
    run = confirm(planned(deployment))
    if what == "Terraform":
        monkeypatch.setattr(terraform, "version", lambda: "9.9.9")
    else:
        of = locks.of

        def other(stack: object) -> Lock:
            lock = of(stack)  # type: ignore[arg-type]
            digest = "0" * 64 if what == "mirror" else lock.mirror_digest
            return Lock(lock.stack_digest, digest, "# other\n", lock.served)

        monkeypatch.setattr(locks, "of", other)
    run = applied(run)
    assert run.state == RunState.FAILED
    assert f"{what}" in run.explanation
    assert "changed since the plan was made" in run.explanation
    assert not StateVersion.objects.exists()


def test_what_is_handed_over_reaches_plan_and_apply_and_stays_nowhere(
    hcl: Hcl, deployment: Deployment
) -> None:
    hcl(TAKES)
    run = planned(deployment)
    handed = handover.secrets(handover.contents(run))
    assert handed
    plan = PlanFile.objects.get().content
    run = applied(confirm(run))
    assert run.state == RunState.APPLIED, run.explanation
    with zipfile.ZipFile(io.BytesIO(plan)) as archive:
        left = [archive.read(name) for name in archive.namelist()]
    left += [version.content for version in StateVersion.objects.all()]
    left += [chunk.text.encode() for chunk in LogChunk.objects.all()]
    for secret in handed:
        assert not any(secret.encode() in text for text in left)
    said = "".join(LogChunk.objects.values_list("text", flat=True))
    assert "nothing was handed over" not in said


def test_a_phase_that_takes_too_long_is_stopped(
    slow: Slow, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(20)
    monkeypatch.setattr(
        "provisioning.runner.phases.SECONDS",
        {"prepare": 60.0, "plan": 60.0, "apply": 1.0},
    )
    run = applied(queue(deployment))
    assert run.state == RunState.FAILED
    assert "apply took longer than 1 s" in run.explanation
    assert StateVersion.objects.exists(), "Terraform saved what it had made"


def test_progress_counts_what_terraform_did(slow: Slow, deployment: Deployment) -> None:
    slow(0)
    run = applied(queue(deployment))
    assert run.progress == {"done": 3, "total": 3, "failed": 0, "now": []}
    assert run.changes["steps"] == run.changes["add"] == 3


def test_who_asked_for_a_run_is_kept_through_its_attempts(
    slow: Slow, deployment: Deployment, operator_user: User
) -> None:
    slow(0)
    person = acting(operator_user)
    first = perform(QueueRun, deployment, actor=person).result
    perform(CancelRun, first, actor=person)
    again = perform(RetryRun, first, actor=OPERATOR).result
    assert first.requested_by == person.id
    assert again.requested_by == ""


def test_a_move_and_an_import_are_changes_of_the_state(tmp_path: Path) -> None:
    """Terraform says no-op of both; still there is something to apply."""
    change = {"actions": ["no-op"], "before": {}, "after": {}}
    row = {"address": "a.b", "type": "a", "mode": "managed", "change": change}
    nothing = {"resource_changes": [row]}
    moved = {"resource_changes": [{**row, "previous_address": "a.c"}]}
    importing = {**change, "importing": {"id": "i-1"}}
    taken = {"resource_changes": [{**row, "change": importing}]}
    totals = [plans.summary(plan)["total"] for plan in (nothing, moved, taken)]
    assert totals == [0, 1, 1]
    assert plans.summary(taken)["import"] == 1
