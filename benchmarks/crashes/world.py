"""A whole installation by ``./paybill up``, and the parts of it that can be killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
READY = "Ctrl-C stops everything."
VICTIMS = ("worker", "runner", "terraform", "provider")


def environment(local: Path, *, crashing: bool = True) -> dict[str, str]:
    """For every process of the installation, and for the one that looks at it.

    ``crashing``: with a lease that ends soon and simulated clouds in the real ones'
    places; without it the installation is as anybody's.
    """
    unset = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PAYBILL_MODE"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    kept |= {
        "PAYBILL_LOCAL": str(local),
        "PAYBILL_LOG_LEVEL": "WARNING",
        "PAYBILL_POOL_SIZE": "0",
        "DJANGO_SETTINGS_MODULE": "paybill_site.settings",
    }
    if not crashing:
        return kept
    return {
        **kept,
        "PAYBILL_RUN_LEASE_SECONDS": "3",
        "PAYBILL_SIMULATED_CLOUD": str(local / "cloud"),
        "PAYBILL_TF_MIRROR": str(local / "cloud" / "mirror"),
        "DJANGO_SETTINGS_MODULE": "benchmarks.crashes.settings",
    }


def lay_mirror(local: Path) -> str:
    """Lay out the schema providers; why there are none, or ""."""
    simulator = Path(os.environ.get("PAYBILL_TF_SIMULATOR", "-"))
    if not (simulator / "mirror.py").is_file():
        return "PAYBILL_TF_SIMULATOR names no folder with a mirror.py"
    mirror = local / "cloud" / "mirror"
    mirror.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = [sys.executable, str(simulator / "mirror.py"), str(mirror)]
    subprocess.run(words, check=True, capture_output=True)
    return ""


class Installation:
    """Parts of an installation that runs; each restarts by itself when it dies."""

    def __init__(self, local: Path) -> None:
        self.local = local

    def pid_of(self, part: str) -> int:
        """Process of a part: web, worker, runner, beat, postgres, redis."""
        named = (self.local / "run" / f"{part}.pid").read_text()
        return int(named.split()[0])

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """End a part with all its children; the supervisor starts it again."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid_of(part), number)


class World(Installation):
    """An installation that was started for this and is stopped afterwards."""

    def __init__(self, local: Path, *, crashing: bool = True) -> None:
        super().__init__(local)
        self.log = local / "up.log"
        local.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.without_provider = lay_mirror(local) if crashing else ""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-seed"],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment(local, crashing=crashing),
                start_new_session=True,
            )
        try:
            wait(self._is_up, "the installation", 240)
        except TimeoutError:
            self.stop()
            raise

    def _is_up(self) -> bool:
        said = self.log.read_text("utf-8", "replace")
        if self.process.poll() is not None:
            raise TimeoutError(f"it ended:\n{said[-3000:]}")
        return READY in said

    def stop(self) -> None:
        """Press Ctrl-C and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)


def strike(world: Installation, run: Any, victim: str, chance: random.Random) -> bool:
    """Kill -9 one process that works for the run; False when there was none."""
    if victim == "worker":
        world.kill("runner")  # the part that works on the queue of runs
        return True
    for pid in candidates(run, victim, chance):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def candidates(run: Any, victim: str, chance: random.Random) -> list[int]:
    """Processes of a run that answer to a victim's name, in the order to try them."""
    from provisioning.runner import remains  # noqa: PLC0415 - after django.setup()
    from provisioning.runner.workdir import WorkDir  # noqa: PLC0415

    run.refresh_from_db()
    folder = WorkDir.of(run)
    if victim == "runner":
        holder = run.holder.split()
        return [int(holder[1])] if len(holder) == 3 and holder[1].isdigit() else []
    with suppress(FileNotFoundError):
        terraform = int(folder.process.read_text().split()[0])
        if victim == "terraform":
            return [terraform]
        others = [pid for pid in remains.living(folder.path) if pid != terraform]
        chance.shuffle(others)  # plugins; on this machine, what a provisioner runs
        return others
    return []


def wait[T](look: Callable[[], T], what: str, seconds: float, pause: float = 0.1) -> T:
    """Look again and again until there is something to see. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(pause)
    return seen
