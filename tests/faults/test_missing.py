"""Terraform is not there: said at once, and nothing is stuck when it is there again."""

from __future__ import annotations

import pytest

from paybill_site.kernel.actions import perform
from provisioning import recovery
from provisioning.actions import RetryRun
from provisioning.errors import TerraformMissing
from provisioning.models import Deployment, Run, StateLock
from provisioning.runner.work import work
from provisioning.states import DeploymentState, RunState
from tests.provisioning.conftest import OPERATOR, Slow, queue

NOWHERE = "/nonexistent/terraform"


def test_nothing_is_queued_without_terraform(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM_BIN", NOWHERE)
    with pytest.raises(TerraformMissing, match="TERRAFORM_BIN does not run"):
        queue(deployment)
    assert not Run.objects.exists()
    monkeypatch.undo()
    assert queue(deployment).state == RunState.PENDING


@pytest.mark.slow
def test_a_run_that_finds_no_terraform_says_so_and_is_tried_again(
    web: str, slow: Slow, unfilled: None, deployment: Deployment
) -> None:
    slow(0)
    run = queue(deployment)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("TERRAFORM_BIN", NOWHERE)
        assert work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "Terraform is missing" in run.explanation
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.EMPTY
    assert not StateLock.objects.exists()

    again = perform(RetryRun, run, actor=OPERATOR).result
    recovery.recover()
    assert work(again.public_id)
    again.refresh_from_db()
    assert again.state == RunState.APPLIED, again.explanation
