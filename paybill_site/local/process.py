"""One supervised process: started, restarted with back-off, stopped for good."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from paybill_site.local.postgres import OtherUser, as_service

PR_SET_PDEATHSIG = 1
LONGEST_PAUSE = 30.0
# A process that lived this long was well; the next failure is a new one.
SETTLED = 60.0
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Part:
    """What to run and how to know that it is ready."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    service_user: bool = False
    listeners: tuple[socket.socket, ...] = ()  # open sockets that it takes over
    needed: bool = False  # by the others, so it is stopped after them
    folder: str = "/"


class Process:
    """A part and the process that runs it now."""

    def __init__(self, part: Part, pids: Path) -> None:
        self.part = part
        self.child: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.again_at = 0.0
        self.asked = False
        self._pid_file = pids / f"{part.name}.pid"
        self._started = 0.0
        self._rest = b""

    def start(self) -> None:
        """Start it in a session of its own; the supervisor alone hears Ctrl-C."""
        user = as_service() if self.part.service_user else OtherUser()
        self.child = subprocess.Popen(
            list(self.part.words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Safe here: the supervisor has one thread.
            preexec_fn=die_with(os.getpid(), self.part.stop_signal),  # noqa: PLW1509
            pass_fds=[listener.fileno() for listener in self.part.listeners],
            cwd=self.part.folder,
            env={**os.environ, **self.part.environment},
            **user,
        )
        self._started = time.monotonic()
        self._pid_file.write_text(f"{self.pid} {started_at(self.pid)}")
        _widen(self.output)

    @property
    def pid(self) -> int:
        return self.child.pid if self.child else 0

    @property
    def output(self) -> int:
        """File descriptor of its output."""
        if self.child is None or self.child.stdout is None:
            raise ProcessLookupError(self.part.name)
        return self.child.stdout.fileno()

    def lines(self) -> list[str] | None:
        """Whole lines that it wrote since the last call; None at the end."""
        data = os.read(self.output, 65536)
        if not data and not self._rest:
            return None
        *whole, self._rest = (self._rest + data).split(b"\n")
        if not data:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode(errors="replace") for line in whole]

    def ended(self) -> int | None:
        """Exit status when it has ended, and the time of its next start is set."""
        if self.child is None or self.child.poll() is None:
            return None
        if time.monotonic() - self._started > SETTLED:
            self.failures = 0
        pause = min(LONGEST_PAUSE, 0.5 * 2**self.failures)
        self.failures += 1
        self.again_at = time.monotonic() + pause
        return int(self.child.returncode)

    def close(self) -> None:
        """Forget a process that has ended."""
        if self.child and self.child.stdout:
            self.child.stdout.close()
        self.child = None
        self._pid_file.unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        """Send its stop signal; a second one would make some of them hurry."""
        self.asked = True
        if self.child and self.child.poll() is None:
            self.child.send_signal(self.part.stop_signal)

    def kill(self) -> None:
        """Kill it and every process of its session that is left."""
        if self.child:
            with suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()


def die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """A function for the child: be told when the supervisor dies, however it dies."""

    def tell() -> None:
        if LIBC is None:
            return
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return tell


def started_at(pid: int) -> str:
    """Start time of a process as the system counts it, or "" when it has ended.

    With the number it names a process for good: numbers are given out again. One
    that has ended may stay listed until its parent, perhaps a careless init, looks.
    """
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    state, *since = done.stdout.split() or ["Z"]
    return "" if state.startswith("Z") else " ".join(since)


def end_leftovers(pids: Path, patience: float = 10.0) -> list[str]:
    """Stop what an earlier supervisor left running; returns the names.

    On Linux its children hear of its death; this is for other systems, and for a
    child that was hanging.
    """
    found = []
    for file in sorted(pids.glob("*.pid"), reverse=True):
        number, _, since = file.read_text().partition(" ")
        if number.isdigit() and since and started_at(int(number)) == since:
            _end(int(number), since, patience)
            found.append(file.stem)
        file.unlink()
    return found


def _end(pid: int, since: str, patience: float) -> None:
    until = time.monotonic() + patience
    with suppress(ProcessLookupError):
        # PostgreSQL takes INT as "disconnect everybody"; TERM would wait for them.
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        while started_at(pid) == since:
            if time.monotonic() > until:
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.1)


def _widen(descriptor: int) -> None:
    # While the supervisor is busy migrating nobody reads the logs.
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20)
