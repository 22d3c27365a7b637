"""`./paybill check`: everything that can be judged without running a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from paybill_site.local.environment import rehearsal, tenant_rehearsal

Step = tuple[str, Sequence[str], Mapping[str, str]]


def steps() -> list[Step]:
    """Name, command line and extra environment of each step."""
    python, manage = [sys.executable], [sys.executable, "manage.py"]
    deploy = [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    layers = "from importlinter.cli import lint_imports_command as c; c()"
    return [
        ("lint", [*python, "-m", "ruff", "check", "."], {}),
        ("format", [*python, "-m", "ruff", "format", "--check", "."], {}),
        ("types", [*python, "-m", "mypy", "."], {}),
        ("layers", [*python, "-c", layers], {}),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        ("deployment", deploy, rehearsal()),
        ("tenant's own server", deploy, tenant_rehearsal()),
    ]


def run(chosen: Sequence[Step]) -> list[str]:
    """Run each step to its end; returns the names of those that failed."""
    failed = []
    for name, words, extra in chosen:
        started = time.monotonic()
        print(f"== {name}", flush=True)  # noqa: T201
        done = subprocess.run(words, check=False, env={**os.environ, **extra})
        took = time.monotonic() - started
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"== {name}: {verdict}, {took:.1f} s", flush=True)  # noqa: T201
        if done.returncode != 0:
            failed.append(name)
    return failed


if __name__ == "__main__":
    wanted = sys.argv[1:]
    broken = run([step for step in steps() if not wanted or step[0] in wanted])
    if broken:
        sys.exit(f"check: {', '.join(broken)} failed")
    print("check: all is well")  # noqa: T201
