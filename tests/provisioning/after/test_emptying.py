"""What a provider would not delete is taken away before the destroy."""

from __future__ import annotations

import pytest

from provisioning.clouds import placing
from provisioning.errors import CloudFailed
from provisioning.models import Deployment, Removal, RemovalStep
from provisioning.removal import driving
from provisioning.removal.states import RemovalState
from provisioning.states import DeploymentState, Operation
from tenants.models import Tenant
from tenants.states import TenantState


@pytest.fixture
def removal(deployment: Deployment) -> Removal:
    """A removal whose deployment is not protected any more."""
    Tenant.objects.filter(pk=deployment.tenant_id).update(state=TenantState.CLOSING)
    Deployment.objects.filter(pk=deployment.pk).update(
        state=DeploymentState.READY, outputs={"storage": "oci://pb@space"}
    )
    removal = Removal.objects.create(
        tenant=deployment.tenant, deployment=deployment, state=RemovalState.EMPTYING
    )
    RemovalStep.objects.create(removal=removal, name=removal.state)
    return removal


def test_a_storage_is_emptied_look_by_look_and_then_destroyed(
    removal: Removal, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["", "the bucket is empty: 3 versions deleted"]
    seen: list[object] = []

    def clear(deployment: Deployment, outputs: dict[str, object]) -> str:
        seen.append(outputs["storage"])
        return said.pop(0)

    monkeypatch.setattr(placing, "clear", clear)
    assert driving.go_on(removal.public_id) == RemovalState.EMPTYING
    assert removal in driving.waiting(), "the sweep comes back to it"
    assert driving.go_on(removal.public_id) == RemovalState.DESTROYING
    assert seen == ["oci://pb@space"] * 2
    assert removal.steps.get(name="emptying").detail.startswith("the bucket is empty")
    assert removal.deployment is not None
    assert removal.deployment.runs.filter(operation=Operation.DESTROY).exists()


def test_a_cloud_that_does_not_answer_is_asked_again(
    removal: Removal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(deployment: Deployment, outputs: dict[str, object]) -> str:
        raise CloudFailed("objectstorage was not reached")

    monkeypatch.setattr(placing, "clear", silent)
    assert driving.go_on(removal.public_id) == RemovalState.EMPTYING
    monkeypatch.undo()
    assert driving.go_on(removal.public_id) == RemovalState.DESTROYING
    assert removal.steps.get(name="emptying").detail == "the destroy empties it"
