"""The supervisor restarts what dies and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

from paybill_site.local.places import Places
from tests.local.conftest import ROOT, Start, Supervised


def pid_of(supervised: Supervised, name: str) -> int:
    """Number that the part printed last."""
    supervised.wait_for(f"{name:<10} | pid")
    return int(re.findall(rf"^{name} +\| pid (\d+)", supervised.lines, re.M)[-1])


def is_gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_lines_carry_the_name_of_their_part(supervise: Start) -> None:
    running = supervise()
    assert pid_of(running, "one") != pid_of(running, "two")


def test_what_dies_is_started_again(supervise: Start) -> None:
    running = supervise()
    first = pid_of(running, "one")
    os.kill(first, signal.SIGKILL)
    running.wait_for("one ended with -9; again in 0.5 s")
    until = time.monotonic() + 5
    while pid_of(running, "one") == first and time.monotonic() < until:
        time.sleep(0.05)
    assert pid_of(running, "one") != first


def test_what_keeps_dying_is_started_less_and_less_often(supervise: Start) -> None:
    running = supervise("crash")
    running.wait_for("again in 2.0 s")
    pauses = re.findall(r"crasher ended with 3; again in ([\d.]+) s", running.lines)
    assert pauses == ["0.5", "1.0", "2.0"]


def test_a_stop_ends_everything_in_the_opposite_order(
    supervise: Start, places: Places
) -> None:
    running = supervise()
    numbers = [pid_of(running, name) for name in ("one", "two")]
    assert running.stop() == 0
    assert all(is_gone(pid) for pid in numbers)
    assert not list(places.pids.glob("*.pid"))


def test_ctrl_c_is_a_stop(supervise: Start) -> None:
    running = supervise()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert "everything is stopped" in running.lines


def test_what_does_not_hear_is_killed_after_its_grace(supervise: Start) -> None:
    running = supervise("deaf")
    deaf = pid_of(running, "deaf")
    running.stop()
    assert "deaf did not stop in time: killed" in running.lines
    assert is_gone(deaf)


def test_a_killed_supervisor_takes_its_children_along(supervise: Start) -> None:
    running = supervise()
    numbers = [pid_of(running, name) for name in ("one", "two")]
    running.kill()
    assert all(is_gone(pid) for pid in numbers)


def test_the_next_supervisor_ends_what_a_killed_one_left(supervise: Start) -> None:
    first = supervise("deaf")
    deaf = pid_of(first, "deaf")
    first.kill()
    assert not is_gone(deaf, seconds=0.5)
    second = supervise()
    assert "stopped deaf, left over from an earlier run" in second.lines
    assert is_gone(deaf)


def test_a_second_supervisor_is_refused(supervise: Start, places: Places) -> None:
    first = supervise()
    words = [sys.executable, "-m", "tests.local.supervised", str(places.local)]
    second = subprocess.run(
        [*words, "sleepers"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert "Another supervisor runs" in second.stderr
    assert first.process.poll() is None
