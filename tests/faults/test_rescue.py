"""A state that the backend does not take is not lost: kept, and runs are held back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from paybill_site.kernel.actions import perform
from provisioning import recovery, state
from provisioning.actions import AdoptState, RetryRun
from provisioning.errors import Frozen, StateRefused
from provisioning.models import Deployment, LogChunk, Run, StateVersion
from provisioning.runner.work import work
from provisioning.runner.workdir import WorkDir, is_dump
from provisioning.states import RunState
from tests.provisioning.conftest import OPERATOR, Hcl, Slow, queue, runner

SECRET = "hunter2-in-the-state"
HCL = f"""
resource "terraform_data" "one" {{
  input = "{SECRET}"
}}
output "secret_reference" {{
  value = "unit:none"
}}
"""
# What Terraform writes its state to when the backend refuses; here it can not either.
BLOCKED = """
resource "terraform_data" "block" {
  provisioner "local-exec" {
    command = "mkdir errored.tfstate"
  }
}
"""
# Takes all the room that is left; the last resource is made without any.
FILLS_UP = """
resource "terraform_data" "fills" {
  provisioner "local-exec" {
    command = "dd if=/dev/zero of=full bs=4k count=100000 2>/dev/null; true"
  }
}
"""


def text_of(run: Run) -> str:
    return "".join(LogChunk.objects.filter(run=run).values_list("text", flat=True))


def run_of(deployment: Deployment) -> Run:
    run = queue(deployment)
    work(run.public_id)
    run.refresh_from_db()
    return run


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", BLOCKED], ids=["file", "dump"])
def test_a_refused_state_is_rescued_and_adopted(
    web: str,
    hcl: Hcl,
    unfilled: None,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    more: str,
) -> None:
    """Written to ``errored.tfstate``, or printed where that can not be written."""
    hcl(HCL + more)
    with monkeypatch.context() as refusing:
        refusing.setattr("provisioning.state.save", _refuse)
        run = run_of(deployment)
    assert run.state == RunState.FAILED, run.explanation
    assert SECRET not in text_of(run) + run.explanation + run.traceback
    assert ("taken, kept encrypted" in text_of(run)) == bool(more)
    assert not WorkDir.of(run).path.exists()

    rescued = StateVersion.objects.get()
    assert rescued.origin == "rescued"
    assert SECRET in bytes(rescued.content).decode()
    assert state.current(deployment) is None
    deployment.refresh_from_db()
    with pytest.raises(Frozen, match="has to be adopted first"):
        perform(RetryRun, run, actor=OPERATOR)

    perform(AdoptState, deployment, actor=OPERATOR)
    again = perform(RetryRun, run, actor=OPERATOR).result
    recovery.recover()
    work(again.public_id)
    again.refresh_from_db()
    assert again.state == RunState.APPLIED, again.explanation
    assert again.changes["add"] == 0, "what was made is known"


def _refuse(*_: object, **__: object) -> None:
    raise StateRefused("not today")


def test_a_dump_is_told_from_other_lines() -> None:
    assert is_dump('{"@message":"Emergency state dump","state":{"serial":1}}')
    assert not is_dump('{"@message":"x","hook":{"state":{}}}'.replace("hook", "h"))
    assert not is_dump('not json "state":{')
    assert not is_dump(b'{"@message":"outputs","outputs":{}}')


def test_the_newest_words_of_a_dead_terraform_are_searched_too(
    deployment: Deployment,
) -> None:
    """Its output is a file, so what it printed outlives the runner."""
    run = queue(deployment)
    folder = WorkDir.of(run)
    folder.path.mkdir(parents=True)
    held = {"version": 4, "serial": 3, "lineage": "a", "resources": []}
    lines = [
        '{"@message":"x"}',
        json.dumps({"@message": "dump", "state": held}),
        "rest",
    ]
    folder.write("apply.log", "\n".join(lines).encode())
    found = folder.rescued()
    assert found is not None
    assert json.loads(found) == held
    folder.remove()


# Others than root may mount in a user namespace of their own, where that is allowed.
ALONE = ["unshare", "--mount", *(["--user", "--map-root-user"] if os.geteuid() else [])]


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*ALONE, "true"], check=False, capture_output=True)
    return tried.returncode == 0


@pytest.mark.slow
def test_a_disk_that_is_full_from_the_start_breaks_the_run_and_nothing_else(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = _run_on_a_small_disk(deployment, web, "16k")
    assert run.state in {RunState.FAILED, RunState.ERRORED}
    assert "space" in run.explanation + run.traceback, run.explanation
    assert not StateVersion.objects.exists()
    assert perform(RetryRun, run, actor=OPERATOR).result.state == RunState.PENDING


@pytest.mark.slow
def test_a_disk_that_fills_up_while_terraform_applies_loses_no_state(
    web: str, hcl: Hcl, deployment: Deployment
) -> None:
    """What is made is saved over the network, so the state has it all the same."""
    hcl(HCL + FILLS_UP)
    run = _run_on_a_small_disk(deployment, web, "4m")
    version = state.current(deployment)
    assert version is not None, f"{run.state}: {run.explanation}"
    assert version.resources == 2
    assert run.is_final


def _run_on_a_small_disk(deployment: Deployment, web: str, size: str) -> Run:
    if not _can_mount():
        pytest.skip("this system lets nobody mount a small disk of his own")
    run = queue(deployment)
    folder = WorkDir.of(run).path.parent
    folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o size={size} none {folder} && exec "$@"'
    with runner(run, web, before=[*ALONE, "sh", "-c", script, "-"]) as process:
        process.wait(120)
    run.refresh_from_db()
    return run
