"""A phase has a limit, however many commands it takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from provisioning.errors import TerraformFailed
from provisioning.models import Deployment
from provisioning.runner import phases
from provisioning.runner.lease import Heartbeat
from provisioning.runner.logs import Interpreter, LogWriter
from provisioning.runner.processes import Terraform
from tests.provisioning.conftest import queue


def test_all_commands_of_a_phase_share_its_time(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many imports as there are, and the plan they are for, take no longer."""
    now, given = [0.0], list[float]()

    class Imports:
        def run(self, *words: str, seconds: float, handed: object) -> int:
            given.append(seconds)
            now[0] += 40
            return 0

    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(phases, "time", clock)
    run = queue(deployment)
    at = phases.Stage(
        terraform=cast(Terraform, Imports()),
        words=Interpreter(LogWriter(run, "plan")),
        heartbeat=Heartbeat(run),
        until=100.0,
        handed={},
    )
    for _ in range(3):
        at.step("import")
    assert given == [100, 60, 20]
    with pytest.raises(TerraformFailed, match="no time of its phase is left"):
        at.step("plan")
