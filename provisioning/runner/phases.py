"""The phases in which Terraform works: prepare, plan, check, and apply."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from provisioning import gates, handover, proxies
from provisioning.actions import (
    FinishApply,
    FinishLook,
    FinishPlan,
    PinRun,
    StartApply,
    StartCheck,
    StartPlan,
)
from provisioning.actions.advancing import PlannedInput
from provisioning.clouds.access import Access, access
from provisioning.errors import PlanChanged, TerraformDied, TerraformFailed
from provisioning.models import PlanFile, Run
from provisioning.plugins import locks
from provisioning.plugins.locks import Lock
from provisioning.runner import pins, plans, taking, tokens
from provisioning.runner.lease import Heartbeat
from provisioning.runner.limits import limited
from provisioning.runner.logs import Interpreter, LogWriter
from provisioning.runner.patience import act
from provisioning.runner.processes import Terraform
from provisioning.runner.workdir import WorkDir, environment
from provisioning.states import SECONDS, Operation, Phase


@dataclass(slots=True)
class Stage:
    """One phase of a run at work; all its commands together end at ``until``."""

    terraform: Terraform
    words: Interpreter
    heartbeat: Heartbeat
    until: float
    handed: Mapping[str, str]

    def step(self, *words: str, good: tuple[int, ...] = (0,)) -> None:
        """Run a command; raises TerraformFailed, Canceled or LeaseLost."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TerraformFailed(f"no time of its phase is left for {words[0]}")
        status = self.terraform.run(*words, seconds=left, handed=self.handed)
        self.heartbeat.check()
        if status not in good:
            trouble = self.words.trouble(f"terraform {words[0]} failed")
            died = any(sign in trouble for sign in PLUGIN_DIED)
            raise (TerraformDied if died else TerraformFailed)(trouble)

    def plan(self, run: Run) -> dict[str, Any]:
        """Plan, and return the plan as ``show -json`` shows it."""
        self.step(*PLAN, *MODES.get(run.operation, ()), good=(0, 2))
        shown: dict[str, Any] = json.loads(
            self.terraform.read("show", "-json", PLANNED)
        )
        return shown


@contextmanager
def stage(run: Run, phase: Phase, token: str, heartbeat: Heartbeat) -> Iterator[Stage]:
    """Prepare a phase; its log is complete afterwards, however it ended.

    The cloud is opened and the service's secrets are handed over where they are
    needed: not while the folder is prepared, and nothing to a look or a destroy.
    """
    folder = WorkDir.of(run)
    with ExitStack() as opened:
        cloud, handed = Access(), dict[str, str]()
        if phase != Phase.PREPARE:
            cloud = opened.enter_context(access(run, phase, folder.path))
            handed = handover.given(run)
        secret = (token, *cloud.secrets, *handover.secrets(handed))
        secret = (*secret, *proxies.secrets())
        log = LogWriter(run, phase, secrets=secret)
        opened.callback(log.flush)
        words = Interpreter(log, total=int(run.changes.get("steps", 0)))
        variables = {**environment(run, folder, token), **cloud.environment}
        yield Stage(
            terraform=Terraform(
                folder, variables, words.hear, heartbeat.stop, heartbeat.kill
            ),
            words=words,
            heartbeat=heartbeat,
            until=time.monotonic()
            + min(SECONDS[phase], cloud.seconds or SECONDS[phase]),
            handed={} if phase == Phase.PREPARE else handover.environment(handed),
        )


# As Terraform says it: in the middle of its work, and before it had begun.
PLUGIN_DIED = ("Plugin did not respond", "Unrecognized remote plugin message")
INIT = ("init", "-input=false", "-no-color", "-lockfile=readonly")
PLANNED = "plan.out"
PLAN = ("plan", "-json", "-input=false", f"-out={PLANNED}")
MODES: dict[str, tuple[str, ...]] = {
    Operation.DESTROY: ("-destroy",),
    Operation.REFRESH: ("-refresh-only", "-detailed-exitcode", "-lock=false"),
    Operation.ADOPT: ("-refresh-only",),
}


def plan(run: Run, heartbeat: Heartbeat) -> Run:
    """Plan and judge the plan; a look ends here, with what it found."""
    run, token = tokens.opened(StartPlan, run)
    folder = WorkDir.of(run)
    lock = locks.of(pins.pinned_stack(run))
    folder.lay_out(run, lock)
    with stage(run, Phase.PREPARE, token, heartbeat) as at:
        at.step(*INIT)
    run, token = tokens.opened(PinRun, run, **pins.of(lock))
    if taking.needed(run):
        run, token = taking.begin(run)
        with stage(run, Phase.PLAN, token, heartbeat) as at:
            taking.take_up(run, at.step)
        run, token = taking.end(run)
    with stage(run, Phase.PLAN, token, heartbeat) as at:
        shown = at.plan(run)
        if more := taking.overlooked(run, shown):
            run, shown = more, at.plan(more)
    if run.operation == Operation.REFRESH:
        seen = {"fence": run.fence, "found": plans.drifted(shown)}
        return act(FinishLook, run, seen)
    with limited(Phase.CHECK, heartbeat):
        return _judged(run, folder, shown, lock)


def _judged(run: Run, folder: WorkDir, shown: dict[str, Any], lock: Lock) -> Run:
    run = act(StartCheck, run, {"fence": run.fence})
    if run.operation == Operation.ADOPT:
        shown = plans.adopting(shown)
    content = folder.plan.read_bytes()
    planned = PlannedInput(
        fence=run.fence,
        plan_sha256=plans.file_sha256(content, lock.text.encode()),
        plan_digest=plans.digest(shown),
        changes=plans.summary(shown),
        verdict=gates.judge(run, shown),
        content=content,
        lock=lock.text,
    )
    return act(FinishPlan, run, planned)


def apply(run: Run, heartbeat: Heartbeat) -> Run:
    """Apply the confirmed plan and nothing else. Raises PlanChanged, ToolsChanged."""
    folder = WorkDir.of(run)
    kept = PlanFile.objects.get(run=run)
    lock = locks.of(pins.pinned_stack(run))
    pins.check(run, lock)
    run, token = tokens.opened(StartApply, run)
    with stage(run, Phase.APPLY, token, heartbeat) as at:
        if not folder.plan.exists():  # it was planned by another runner
            folder.lay_out(run, lock)
            folder.write(folder.plan.name, kept.content)
            at.step(*INIT)
        found = plans.file_sha256(folder.plan.read_bytes(), _lock(folder).encode())
        if found != run.plan_sha256:
            raise PlanChanged
        at.step("apply", "-json", "-input=false", "plan.out")
    return act(FinishApply, run, {"fence": run.fence})


def _lock(folder: WorkDir) -> str:
    return folder.lock_file.read_text() if folder.lock_file.exists() else ""
