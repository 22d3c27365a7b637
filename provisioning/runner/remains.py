"""What a run left on this host: processes that still work in its folder.

Terraform's plugins are children of Terraform and outlive it when it is killed; for a
moment, or as long as one request to a cloud takes, or for good. So they are looked
for by the folder they work in and not by a list of names.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

TICK = 0.1


def living(folder: Path) -> list[int]:
    """Processes of this host whose working directory is the folder or is in it."""
    return [pid for pid in _processes() if _works_in(pid, folder)]


def outlast(folder: Path, seconds: float) -> None:
    """Wait until nothing works there any more; what stays longer is killed."""
    until = time.monotonic() + seconds
    while living(folder) and time.monotonic() < until:
        time.sleep(TICK)
    end(folder)


def end(folder: Path) -> None:
    """Kill what works there, and return when it is gone."""
    while left := living(folder):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(TICK)


def _processes() -> list[int]:
    with suppress(FileNotFoundError):  # a system without /proc: the pid file is asked
        return [
            int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()
        ]
    return []


def _works_in(pid: int, folder: Path) -> bool:
    try:
        where = Path(os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)"))
    except OSError:  # gone, another user's, or a zombie
        return False
    return where.is_relative_to(folder)
