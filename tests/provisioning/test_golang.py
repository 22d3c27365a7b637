"""Terraform frees memory at our pace, unless the host has one of its own."""

from __future__ import annotations

import pytest

from provisioning import golang
from provisioning.models import Deployment
from provisioning.runner.workdir import WorkDir, environment
from tests.provisioning.conftest import queue


@pytest.fixture(autouse=True)
def _host_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in golang.HANDED_ON:
        monkeypatch.delenv(name, raising=False)


def handed(deployment: Deployment) -> dict[str, str]:
    run = queue(deployment)
    given = environment(run, WorkDir.of(run), "token")
    return {name: given[name] for name in golang.HANDED_ON if name in given}


def test_a_run_has_the_pace_for_short_processes(deployment: Deployment) -> None:
    assert handed(deployment) == {"GOGC": golang.PACE}


def test_a_host_with_little_memory_decides_itself(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOGC", "50")
    monkeypatch.setenv("GOMEMLIMIT", "400MiB")
    assert handed(deployment) == {"GOGC": "50", "GOMEMLIMIT": "400MiB"}
