"""The supervisor: one thread, one loop, every process of the embedded mode.

It starts parts in order and waits for each to be ready, prefixes the lines they write,
restarts what dies, answers the control socket (protocol: `paybill_site.local.units`),
and stops everything in the opposite order. One thread, because the kernel ties "tell
me when my parent dies" to the thread that started the child.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from paybill_site.local.places import Places
from paybill_site.local.process import Part, Process, end_leftovers

TICK = 0.25


class AlreadyRunning(Exception):
    """Another supervisor runs for the same `.local`: stop it first."""


class PartFailed(Exception):
    """A part of the embedded mode did not become ready."""


def is_running(places: Places) -> bool:
    """Whether a supervisor runs for this `.local`."""
    try:
        with _lock_of(places).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _lock_of(places: Places) -> Path:
    return places.pids / "supervisor.lock"


class Supervisor:
    """Runs parts until it is told to stop. Use as a context manager."""

    def __init__(self, places: Places, out: IO[str] | None = None) -> None:
        self.places = places
        self.processes: dict[str, Process] = {}
        self.stopping = False
        self.watch = selectors.DefaultSelector()
        self._out = out or sys.stdout
        self._lock: IO[str] | None = None

    def __enter__(self) -> Supervisor:
        self.places.create()
        self._lock = _lock_of(self.places).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise AlreadyRunning(AlreadyRunning.__doc__) from None
        for name in end_leftovers(self.places.pids):
            self.say("supervisor", f"stopped {name}, left over from an earlier run")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.watch.close()
        if self._lock:
            self._lock.close()

    def say(self, name: str, line: str) -> None:
        """Print one line under a name."""
        print(f"{name:<10} | {line}", file=self._out, flush=True)

    def start(self, part: Part, seconds: float = 60.0) -> None:
        """Start a part and return when it is ready; raises PartFailed."""
        process = self.add(part)
        until = time.monotonic() + seconds
        while not self.stopping:
            if process.child and part.ready():
                return
            if process.failures > 3 or time.monotonic() > until:
                raise PartFailed(
                    f"{part.name} did not become ready; see its lines above"
                )
            self.turn(0.05)

    def add(self, part: Part) -> Process:
        """Start a part and return at once."""
        process = Process(part, self.places.pids)
        self.processes[part.name] = process
        self._launch(process)
        return process

    def run(self) -> None:
        """Serve until a signal asks to stop."""
        while not self.stopping:
            self.turn()

    def turn(self, seconds: float = TICK) -> None:
        """Handle what has happened; wait at most `seconds` for something to."""
        for key, _ in self.watch.select(seconds):
            key.data()
        for process in list(self.processes.values()):
            self._look_after(process)

    def end(self, name: str) -> None:
        """Stop one part and forget it."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        if not process.asked:
            process.ask_to_stop()
        until = time.monotonic() + process.part.grace
        while process.child and process.child.poll() is None:
            if time.monotonic() > until:
                self.say("supervisor", f"{name} did not stop in time: killed")
                break
            self._read_all(0.05)
        # Also when it stopped in time: a grandchild may have stayed behind.
        process.kill()
        self._forget(process)
        for listener in process.part.listeners:
            listener.close()

    def stop(self) -> None:
        """Stop everything: who needs no other is asked at once, then the services."""
        self.stopping = True
        backwards = list(reversed(self.processes.values()))
        for process in backwards:
            if not process.part.needed:
                process.ask_to_stop()
        for process in sorted(backwards, key=lambda process: process.part.needed):
            self.end(process.part.name)
        self.say("supervisor", "everything is stopped")

    def listen(self, descriptor: int, action: Callable[[], Any]) -> None:
        """Call `action` whenever the descriptor can be read."""
        self.watch.register(descriptor, selectors.EVENT_READ, action)

    def unlisten(self, descriptor: int) -> None:
        """No longer."""
        self.watch.unregister(descriptor)

    def _asked_to_stop(self, number: int, _: object) -> None:
        if self.stopping:
            return
        self.stopping = True
        self.say("supervisor", f"{signal.Signals(number).name}: stopping")

    def _launch(self, process: Process) -> None:
        process.start()
        self.listen(process.output, lambda: self._read(process))

    def _read(self, process: Process) -> None:
        lines = process.lines()
        if lines is None:
            self.unlisten(process.output)
            return
        for line in lines:
            self.say(process.part.name, line)

    def _read_all(self, seconds: float) -> None:
        for key, _ in self.watch.select(seconds):
            key.data()

    def _look_after(self, process: Process) -> None:
        if self.stopping:
            return
        status = process.ended()
        if status is not None:
            self._forget(process)
            pause = process.again_at - time.monotonic()
            self.say(
                "supervisor",
                f"{process.part.name} ended with {status}; again in {pause:.1f} s",
            )
        elif process.child is None and time.monotonic() >= process.again_at:
            self._launch(process)

    def _forget(self, process: Process) -> None:
        if process.child is None:
            return
        os.set_blocking(process.output, False)
        try:
            while (lines := process.lines()) is not None:
                for line in lines:
                    self.say(process.part.name, line)
        except BlockingIOError:
            pass  # a grandchild still holds the other end
        if process.output in self.watch.get_map():
            self.unlisten(process.output)
        process.close()
