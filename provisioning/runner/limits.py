"""The time that a phase without Terraform may take, and its end on request.

Terraform is a process that is asked to stop. What checks and finishes is this process,
and it may wait for an answer that never comes: so a clock of the kernel interrupts it,
also in the middle of a wait, and it looks whether it is to go on. Both phases may be
repeated, so they may be cut off anywhere.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from provisioning.errors import OutOfTime
from provisioning.runner.lease import Heartbeat
from provisioning.states import SECONDS, Phase

OFTEN, AGAIN = 0.5, 10.0  # seconds: between looks; for what cleans up after one


@contextmanager
def limited(phase: Phase, heartbeat: Heartbeat) -> Iterator[None]:
    """Raises OutOfTime, Canceled or LeaseLost in what runs inside.

    For the main thread alone: no other is interrupted by a signal.
    """
    until = time.monotonic() + SECONDS[phase]

    def look(*_: Any) -> None:
        late = time.monotonic() > until
        if late or heartbeat.stop.is_set():
            signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
            heartbeat.check()
        if late:
            raise OutOfTime(f"{phase} took longer than {SECONDS[phase]:.0f} s")

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, OFTEN, OFTEN)
    try:
        yield
        heartbeat.check()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
