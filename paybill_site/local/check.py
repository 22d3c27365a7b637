"""`./paybill check`: everything that can be judged without running a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from paybill_site.local.environment import rehearsal, tenant_rehearsal

Step = tuple[str, Sequence[str], Mapping[str, str]]


def steps() -> list[Step]:
    """Name, command line and extra environment of each step."""
    python, manage = [sys.executable], [sys.executable, "manage.py"]
    deploy = [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    layers = "from importlinter.cli import lint_imports_command as c; c()"
    return [
        ("types", [*python, "-m", "mypy", "."], {}),  # takes as long as all others
        ("lint", [*python, "-m", "ruff", "check", "."], {}),
        ("format", [*python, "-m", "ruff", "format", "--check", "."], {}),
        ("layers", [*python, "-c", layers], {}),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        ("deployment", deploy, rehearsal()),
        ("tenant's own server", deploy, tenant_rehearsal()),
    ]


def run(chosen: Sequence[Step]) -> list[str]:
    """Run all to their ends, two at once; returns the names of those that failed.

    Each says what it has to say when it is done, so they do not talk into each other.
    """
    failed = []
    with ThreadPoolExecutor(max_workers=2) as two:
        for ran in as_completed([two.submit(_run, step) for step in chosen]):
            name, status, said = ran.result()
            print(said, end="", flush=True)  # noqa: T201
            if status != 0:
                failed.append(name)
    return failed


def _run(step: Step) -> tuple[str, int, str]:
    """Name, exit status and words of a step."""
    name, words, extra = step
    started = time.monotonic()
    done = subprocess.run(
        words,
        check=False,
        env={**os.environ, **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    took = time.monotonic() - started
    verdict = "ok" if done.returncode == 0 else "FAILED"
    said = f"== {name}\n{done.stdout}== {name}: {verdict}, {took:.1f} s\n"
    return name, done.returncode, said


if __name__ == "__main__":
    wanted = sys.argv[1:]
    broken = run([step for step in steps() if not wanted or step[0] in wanted])
    if broken:
        sys.exit(f"check: {', '.join(broken)} failed")
    print("check: all is well")  # noqa: T201
