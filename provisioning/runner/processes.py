"""Terraform as a process: started in a session of its own, heard, asked to stop once.

Its output goes to a file, not to a pipe: when the runner dies Terraform can go on
writing until it has saved its state.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from provisioning import terraform
from provisioning.errors import TerraformDied, TerraformFailed
from provisioning.runner import launch, remains
from provisioning.runner.workdir import WorkDir

TICK = 0.1
LINGER = 15.0  # seconds for a request to a cloud that is under way


@dataclass(slots=True)
class Terraform:
    """Runs commands in a folder.

    ``stop`` is set when Terraform has to end early, ``kill`` when it has to be killed.
    """

    folder: WorkDir
    environment: dict[str, str]
    hear: Callable[[str], None]
    stop: Event
    kill: Event
    stopped: bool = False

    def run(
        self, *words: str, seconds: float, handed: Mapping[str, str] | None = None
    ) -> int:
        """Run one command and return its exit status; its lines go to ``hear``.

        ``handed``: environment for this command alone. Raises TerraformFailed when it
        takes longer than ``seconds``. Call it from the main thread: the kernel watches
        the thread that started the process.
        """
        output = self.folder.path / f"{words[0]}.log"
        process = self._start(output, list(words), handed or {})
        try:
            late = self._listen(process, output, time.monotonic() + seconds)
        finally:
            self._leave(process)
        if process.returncode < 0 and not self.kill.is_set():
            raise TerraformDied(f"terraform {words[0]} was killed")
        if late:
            said = f"{words[0]} took longer than {seconds:.0f} s"
            raise TerraformFailed(f"{said}, which its phase had left")
        return process.returncode

    def read(self, *words: str) -> bytes:
        """Run a command that only prints, and return what it printed."""
        done = subprocess.run(
            [str(terraform.binary()), *words],
            cwd=self.folder.path,
            env=self.environment,
            check=False,
            capture_output=True,
            timeout=120,
        )
        if done.returncode:
            raise TerraformFailed(f"{words[0]}: {done.stderr.decode()[:500]}")
        return done.stdout

    def _start(
        self, output: Path, words: list[str], handed: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        program = [str(terraform.binary()), *words]
        launcher = [sys.executable, "-S", "-E", str(launch.__file__)]
        output.touch(mode=0o600)
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*launcher, str(os.getpid()), *program],
                cwd=self.folder.path,
                env={**self.environment, **handed},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        named = f"{process.pid} {started_at(process.pid)}"
        self.folder.write(self.folder.process.name, named.encode())
        return process

    def _listen(
        self, process: subprocess.Popen[bytes], output: Path, until: float
    ) -> bool:
        """Pass lines on until it has ended; True when it had to be stopped for time."""
        late, rest = False, b""
        with output.open("rb") as file:
            while True:
                ended = process.poll() is not None
                *lines, rest = (rest + file.read()).split(b"\n")
                for line in lines:
                    self.hear(line.decode(errors="replace"))
                if ended:
                    break
                late = late or time.monotonic() > until
                if self.kill.is_set():
                    process.kill()
                elif (late or self.stop.is_set()) and not self.stopped:
                    self._interrupt(process)
                time.sleep(TICK)
        if rest:
            self.hear(rest.decode(errors="replace"))
        return late

    def _leave(self, process: subprocess.Popen[bytes]) -> None:
        """Nothing works in the folder afterwards, whatever happened to us."""
        if process.poll() is None:  # listening broke; Terraform did not
            self._interrupt(process)
            process.wait()
        if process.returncode:  # plugins outlive a Terraform that was killed
            remains.outlast(self.folder.path, 0 if self.kill.is_set() else LINGER)
        self.folder.process.unlink(missing_ok=True)

    def _interrupt(self, process: subprocess.Popen[bytes]) -> None:
        """One SIGINT, to Terraform alone; a second one would make it drop its state."""
        self.stopped = True
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        self.hear("Asked to stop: Terraform finishes what it is doing.")


def started_at(pid: int) -> str:
    """When a process was started, in the kernel's ticks; "" when it is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def alive(named: str) -> bool:
    """Tell whether "pid start-time" still names a running process of this host."""
    pid, _, start = named.partition(" ")
    return bool(start) and pid.isdigit() and started_at(int(pid)) == start
