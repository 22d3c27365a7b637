"""Becomes Terraform, after asking the kernel for one SIGINT when the runner dies.

    python -S -E launch.py <pid of the runner> <program> <arguments>

The process id stays the same, so the runner signals Terraform and nothing else.
Imports the standard library only: it runs without Paybill's environment.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(runner: int, words: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
    if os.getppid() != runner:  # it died before the line above
        sys.exit("the runner is gone")
    os.execv(words[0], words)  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
