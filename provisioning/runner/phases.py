"""The two phases in which Terraform works: plan and apply."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from provisioning.actions import FinishApply, FinishPlan, StartApply, StartPlan
from provisioning.actions.advancing import PlannedInput
from provisioning.clouds.access import access
from provisioning.errors import LeaseLost, PlanChanged, TerraformFailed
from provisioning.models import PlanFile, Run
from provisioning.runner import plans
from provisioning.runner.lease import Heartbeat
from provisioning.runner.logs import Interpreter, LogWriter
from provisioning.runner.processes import Terraform
from provisioning.runner.workdir import WorkDir, environment
from provisioning.states import Operation, Phase
from provisioning.system import RUNNER

# Longest time of one command in seconds. A managed database takes up to 40 minutes.
INIT, PLAN, APPLY = 120, 900, 2 * 3600


class Canceled(Exception):
    """Somebody asked the run to stop, and it has stopped."""


@dataclass(slots=True)
class Stage:
    """One phase of a run at work."""

    terraform: Terraform
    words: Interpreter
    heartbeat: Heartbeat

    def step(self, *words: str, seconds: float) -> None:
        """Run a command; raises TerraformFailed, Canceled or LeaseLost."""
        status = self.terraform.run(*words, seconds=seconds)
        self.check()
        if status != 0:
            said = "\n".join(self.words.errors) or f"terraform {words[0]} failed"
            raise TerraformFailed(said)

    def check(self) -> None:
        if self.heartbeat.lost.is_set():
            raise LeaseLost
        if self.heartbeat.canceled.is_set():
            raise Canceled


@contextmanager
def stage(run: Run, phase: Phase, token: str, heartbeat: Heartbeat) -> Iterator[Stage]:
    """Prepare a phase; its log is complete afterwards, however it ended."""
    folder = WorkDir.of(run)
    with access(run, phase, folder.path) as cloud:
        log = LogWriter(run, phase, secrets=(token, *cloud.secrets))
        words = Interpreter(log, total=len(run.changes.get("resources", [])))
        variables = {**environment(run, folder, token), **cloud.environment}
        terraform = Terraform(folder, variables, words.hear, heartbeat.stop)
        try:
            yield Stage(terraform, words, heartbeat)
        finally:
            log.flush()


def plan(run: Run, heartbeat: Heartbeat) -> Run:
    """Plan; then the run waits, is confirmed, or (nothing to change) is finishing."""
    token = _token()
    run = _start(StartPlan, run, token)
    folder = WorkDir.of(run)
    folder.lay_out(run)
    with stage(run, Phase.PLAN, token, heartbeat) as at:
        at.step("init", "-input=false", "-no-color", seconds=INIT)
        destroy = ["-destroy"] if run.operation == Operation.DESTROY else []
        at.step(
            "plan", "-json", "-input=false", "-out=plan.out", *destroy, seconds=PLAN
        )
        shown = json.loads(at.terraform.read("show", "-json", "plan.out"))
    content, lock = folder.plan.read_bytes(), _lock(folder)
    planned = PlannedInput(
        fence=run.fence,
        plan_sha256=plans.file_sha256(content, lock.encode()),
        plan_digest=plans.digest(shown),
        changes=plans.summary(shown),
        content=content,
        lock=lock,
    )
    return perform(FinishPlan, run, planned, actor=RUNNER).result


def apply(run: Run, heartbeat: Heartbeat) -> Run:
    """Apply the confirmed plan and nothing else. Raises PlanChanged."""
    token = _token()
    folder = WorkDir.of(run)
    kept = PlanFile.objects.get(run=run)
    run = _start(StartApply, run, token)
    with stage(run, Phase.APPLY, token, heartbeat) as at:
        if not folder.plan.exists():  # it was planned by another runner
            folder.lay_out(run)
            folder.write(folder.plan.name, kept.content)
            if kept.lock:
                folder.write(folder.lock_file.name, kept.lock.encode())
            at.step("init", "-input=false", "-no-color", seconds=INIT)
        found = plans.file_sha256(folder.plan.read_bytes(), _lock(folder).encode())
        if found != run.plan_sha256:
            raise PlanChanged
        at.step("apply", "-json", "-input=false", "plan.out", seconds=APPLY)
    return perform(FinishApply, run, {"fence": run.fence}, actor=RUNNER).result


def _start(action: type[StartPlan] | type[StartApply], run: Run, token: str) -> Run:
    asked = {"fence": run.fence, "token_digest": token_digest(token)}
    started: Run = perform(action, run, asked, actor=RUNNER).result
    return started


def _token() -> str:
    """A password for the state, good for one phase: 256 random bits."""
    return f"pbk_run_{secrets.token_urlsafe(32)}"


def _lock(folder: WorkDir) -> str:
    return folder.lock_file.read_text() if folder.lock_file.exists() else ""
