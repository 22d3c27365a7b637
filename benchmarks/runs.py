"""One run through Paybill and the same by bare Terraform; several runs at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks.crashes import scene
from benchmarks.crashes.world import wait
from paybill_site.kernel.actions import perform
from paybill_site.kernel.ids import new_id
from paybill_site.local.environment import ports
from paybill_site.local.places import Places
from provisioning import handover, stacks, terraform
from provisioning.actions import ConfirmRun
from provisioning.clouds.access import access
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.plugins import locks
from provisioning.runner import remains
from provisioning.runner.pins import pinned_stack
from provisioning.runner.workdir import WorkDir
from provisioning.simulation.seed import seed_account
from provisioning.states import Operation, Phase, RunState

LIMIT = 900.0  # seconds for one run; a silo on simulated AWS takes about 100
LOCAL_STATE: dict[str, Any] = {"terraform": {"backend": {"local": {}}}}


def pair(cloud: str, kind: str, folder: Path) -> dict[str, Any]:
    """Paybill first, then bare Terraform; all of it is taken away afterwards."""
    if cloud == "aws" and not CloudAccount.objects.filter(cloud="aws").exists():
        seed_account(f"http://127.0.0.1:{ports(Places(folder))['aws']}")
    deployment = scene.deploy(cloud, kind)
    run = scene.queue(deployment, Operation.APPLY)
    ours = through_paybill(run)
    if ours["failed"]:
        raise RuntimeError(f"{run.public_id}: {run.explanation[-1500:]}")
    theirs = by_hand(run)
    return {"paybill": ours, "bare": theirs}


def through_paybill(run: Run) -> dict[str, Any]:
    """Wait for the end of a run that was queued; what it took, by its own record."""
    place = WorkDir.of(run).path
    with watched(lambda: [*_runner(run), *remains.living(place)]) as peak:
        wait(lambda: _ended(run), "the run", LIMIT, 0.05)
    phases = {phase.name: phase for phase in run.phases.all()}
    seconds = {name: _seconds(phase) for name, phase in phases.items()}
    begun = phases[Phase.PREPARE].started_at
    waited = (begun - run.queued_at).total_seconds() if begun else 0.0
    return {
        "seconds": _took(run),
        "filling_seconds": seconds[Phase.FINISH],
        "phases": {"start": round(waited, 2), **seconds},
        "peak_mb": peak.megabytes,
        "failed": run.state != RunState.APPLIED,
    }


def _took(run: Run) -> float:
    """Seconds from the committed request to the end."""
    ended = run.ended_at or run.queued_at
    return round((ended - run.queued_at).total_seconds(), 3)


def _ended(run: Run) -> bool:
    """Whether a run has ended; a plan that waits for a person is approved at once."""
    run.refresh_from_db()
    if run.state == RunState.WAITING:
        shown = {"plan_sha256": run.plan_sha256, "plan_digest": run.plan_digest}
        perform(ConfirmRun, run, shown, actor=scene.operator())
    return run.is_final


def _seconds(phase: Any) -> float:
    if not phase.started_at or not phase.ended_at:
        return 0.0
    seconds: float = (phase.ended_at - phase.started_at).total_seconds()
    return round(seconds, 3)


def _runner(run: Run) -> list[int]:
    words = run.holder.split()
    return [int(words[1])] if len(words) == 3 and words[1].isdigit() else []


def by_hand(run: Run) -> dict[str, Any]:
    """``init``, ``plan``, ``apply`` of the same stack for another, then destroy."""
    work = Path(tempfile.mkdtemp(prefix="paybill-bare-"))
    tenant = new_id("ten")
    other = {
        **run.inputs,
        "tenant": tenant,
        "deployment": new_id("dep"),
        "domain": f"bare-{tenant[-12:]}.{settings.PAYBILL_TENANT_DOMAIN}",
    }
    lock = locks.of(pinned_stack(run))
    for name, text in stacks.contents(pinned_stack(run)).items():
        (work / name).write_text(text)
    (work / "terraform.tfvars.json").write_text(json.dumps(other))
    (work / "bare_override.tf.json").write_text(json.dumps(LOCAL_STATE))
    (work / "terraform.rc").write_text(lock.served.config())
    phases: dict[str, float] = {}
    try:
        with access(run, Phase.APPLY, work) as cloud:
            bare = Bare(work, cloud.environment, handover.contents(run))
            with watched(lambda: remains.living(work)) as peak:
                phases["init"] = bare.timed("init", "-input=false")
                phases["plan"] = bare.timed("plan", "-input=false", "-out=plan.out")
                phases["apply"] = bare.timed("apply", "-input=false", "plan.out")
            protected = "-var=protection=false"
            if run.inputs["protection"]:
                bare.timed("apply", "-auto-approve", protected)
            bare.timed("destroy", "-auto-approve", protected)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {
        "seconds": sum(phases.values()),
        "filling_seconds": 0.0,
        "phases": phases,
        "peak_mb": peak.megabytes,
        "failed": bare.failures > 0,
    }


@dataclass(slots=True)
class Bare:
    """Terraform as a person would call it, in a folder of its own."""

    folder: Path
    cloud: Mapping[str, str]
    handed: dict[str, str]
    failures: int = 0

    def timed(self, *words: str) -> float:
        """Seconds that a command took; what failed is counted."""
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"),
            "CHECKPOINT_DISABLE": "1",
        }
        start = time.perf_counter()
        done = subprocess.run(
            [str(terraform.binary()), *words],
            cwd=self.folder,
            env={**own, **self.cloud, **handover.environment(self.handed)},
            check=False,
            capture_output=True,
        )
        self.failures += done.returncode != 0
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-1500:])
        return round(time.perf_counter() - start, 3)


@dataclass(slots=True)
class Peak:
    """The most memory that processes had together, sampled five times a second."""

    megabytes: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self, pids: Callable[[], list[int]]) -> None:
        while not self.over.wait(0.2):
            kilobytes = sum(_resident(pid) for pid in set(pids()))
            self.megabytes = max(self.megabytes, round(kilobytes / 1024, 1))


@contextmanager
def watched(pids: Callable[[], list[int]]) -> Iterator[Peak]:
    """Sample the memory of processes until the end of the block."""
    peak = Peak()
    thread = threading.Thread(target=peak.watch, args=(pids,), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        peak.over.set()
        thread.join()


def _resident(pid: int) -> int:
    """Resident memory in KiB; 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    rows = [line.split() for line in lines if line.startswith("VmRSS:")]
    return int(rows[0][1]) if rows else 0


def at_once(many: int) -> dict[str, Any]:
    """So many bridges asked for in one moment: until the last one is there."""
    deployments = [scene.deploy("local", "bridge") for _ in range(many)]
    start = time.perf_counter()
    runs = [scene.queue(one, Operation.APPLY) for one in deployments]
    wait(lambda: all(_ended(run) for run in runs), f"{many} runs", LIMIT, 0.1)
    seconds = time.perf_counter() - start
    for one in deployments:
        take_away(one)
    return {
        "seconds": round(seconds, 2),
        "seconds_of_each": sorted(round(_took(run), 1) for run in runs),
        "failures": sum(run.state != RunState.APPLIED for run in runs),
    }


def take_away(deployment: Deployment) -> None:
    """Destroy what stands, so that the next figures begin with an empty machine."""
    scene.close(deployment)
    if deployment.protected:
        _done(deployment, Operation.UNPROTECT)
    _done(deployment, Operation.DESTROY)


def _done(deployment: Deployment, operation: Operation) -> None:
    run = scene.queue(deployment, operation)
    wait(lambda: _ended(run), f"the {operation}", LIMIT, 0.1)
