"""A silo in a real cloud is taken away: the cloud keeps a copy, or a person decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning.actions import SkipBackup
from provisioning.checks import Check
from provisioning.clouds.inventory import Found
from provisioning.models import CloudAccount, Deployment, Removal, Run
from provisioning.removal import driving, handlers, keeping, proof, record
from provisioning.removal.states import RemovalState
from provisioning.states import DeploymentState, Operation, Phase, RunState
from tenants.events import TenantClosing
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.provisioning.conftest import Entitle, queue

ARN = "arn:aws:rds:eu-central-1:123456789012:snapshot:"


@pytest.fixture
def silo(entitle: Entitle) -> Deployment:
    """What an apply left: a silo that serves, out of Paybill's reach."""
    deployment = entitle(kind="silo")
    run = queue(deployment)
    run.phases.filter(name=Phase.APPLY).update(started_at=timezone.now())
    Run.objects.update(state=RunState.APPLIED)
    place = {"schema_name": f"t_{deployment.public_id}", "state": PlacementState.TAKEN}
    Placement.objects.create(tenant=deployment.tenant, kind="silo", **place)
    return deployment


def closing(silo: Deployment, cloud: str, **details: str) -> Removal:
    """It stands in a real account of this cloud, and its tenant is closed."""
    account = CloudAccount.objects.create(name="Ours", cloud=cloud, details=details)
    Deployment.objects.update(
        cloud=cloud, account=account, state=DeploymentState.BROKEN, protected=True
    )
    Tenant.objects.update(state=TenantState.CLOSING)
    handlers.take_down(TenantClosing(tenant=silo.tenant.public_id), "dlv_1")
    return Removal.objects.get()


def kept_by(run: Run) -> Any:
    """What the stack is told; None where it is told nothing."""
    return run.inputs["account"].get(keeping.FACT)


def test_aws_is_told_to_keep_a_snapshot_and_the_record_names_it(
    silo: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal = closing(silo, "aws")
    assert driving.go_on(removal.public_id) == RemovalState.UNPROTECTING
    unprotecting = Run.objects.get(operation=Operation.UNPROTECT)
    assert kept_by(unprotecting) == "true"
    assert unprotecting.inputs["protection"] is False

    snapshot = keeping.snapshot(silo)
    assert snapshot in removal.steps.get(name=RemovalState.BACKING_UP).detail
    left = Found("", "", ARN + snapshot, "kept until an operator deletes it")
    monkeypatch.setattr(proof, "of", lambda _: ([Check("state", True, "")], [left]))
    Run.objects.update(state=RunState.APPLIED)
    Deployment.objects.update(state=DeploymentState.GONE, protected=False)
    assert driving.go_on(removal.public_id) == RemovalState.DONE
    said = told(removal)
    assert f"the cloud keeps the snapshot {snapshot}" in said


def test_a_snapshot_that_is_not_there_is_not_claimed(
    silo: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal = closing(silo, "aws")
    driving.go_on(removal.public_id)
    monkeypatch.setattr(proof, "of", lambda _: ([], []))
    Run.objects.update(state=RunState.APPLIED)
    Deployment.objects.update(state=DeploymentState.GONE, protected=False)
    assert driving.go_on(removal.public_id) == RemovalState.DONE
    assert "does not list it" in told(removal)


@pytest.mark.parametrize(
    ("cloud", "details", "fact"),
    [
        ("aws", {keeping.FACT: "false"}, "false"),
        ("azure", {}, None),
        ("google", {}, None),
        ("oracle", {}, None),
        ("ibm", {}, None),
    ],
)
def test_where_nothing_is_kept_nothing_goes_before_an_operator_decides(
    silo: Deployment,
    operator: Actor,
    cloud: str,
    details: dict[str, str],
    fact: str | None,
) -> None:
    removal = closing(silo, cloud, **details)
    assert driving.go_on(removal.public_id) == RemovalState.BACKING_UP
    removal.refresh_from_db()
    assert "keeps nothing of it" in removal.trouble
    assert not Run.objects.filter(operation=Operation.UNPROTECT).exists()

    perform(SkipBackup, removal, actor=operator, reason="the customer has a copy")
    assert driving.go_on(removal.public_id) == RemovalState.UNPROTECTING
    run = Run.objects.get(operation=Operation.UNPROTECT)
    assert kept_by(run) == fact
    assert keeping.copy_of(run.deployment) is keeping.Copy.NOBODY


def test_who_skips_the_backup_keeps_nothing_at_aws_either(
    silo: Deployment, operator: Actor
) -> None:
    removal = closing(silo, "aws")
    perform(SkipBackup, removal, actor=operator, reason="a court asked for it")
    driving.go_on(removal.public_id)
    assert kept_by(Run.objects.get(operation=Operation.UNPROTECT)) == "false"


def told(removal: Removal) -> str:
    removal.refresh_from_db()
    return str(record.read(removal.record)["backup"]["none"])
