"""What happens after an apply, through the operators' pages and the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning import drift
from provisioning.actions import (
    AdvanceRemoval,
    NoteRemoval,
    RepairDrift,
    StartRollout,
)
from provisioning.models import Deployment, Removal, Rollout, Run, StackVersion
from provisioning.removal import handlers, record
from provisioning.removal.states import RemovalState
from provisioning.removal.system import REMOVER
from provisioning.states import DeploymentState, Operation
from tenants.events import TenantClosing
from tenants.models import Tenant
from tenants.states import TenantState
from tests.cast import LogIn
from tests.provisioning.conftest import Entitle, queue

OPERATORS = "/operators/provisioning"
CHANGED = {
    "address": "aws_s3_bucket.files",
    "type": "aws_s3_bucket",
    "actions": ["update"],
    "before": {"acl": "private", "name": "x"},
    "after": {"acl": "public-read", "name": "x"},
}


@pytest.fixture
def standing(deployment: Deployment) -> Deployment:
    queue(deployment)
    Run.objects.update(state="applied")
    Deployment.objects.update(state=DeploymentState.READY)
    deployment.refresh_from_db()
    return deployment


@pytest.fixture
def drifted(standing: Deployment) -> Deployment:
    drift.note(standing, [CHANGED])
    return standing


@pytest.fixture
def rollout(entitle: Entitle, operator: Actor, standing: Deployment) -> Rollout:
    first = StackVersion.objects.get()
    newer = StackVersion.objects.create(name=first.name, digest="e" * 64, files={})
    return perform(StartRollout, newer, {}, actor=operator).result


@pytest.fixture
def removal(standing: Deployment) -> Removal:
    Tenant.objects.filter(pk=standing.tenant_id).update(state=TenantState.CLOSING)
    closing = TenantClosing(tenant=standing.tenant.public_id)
    handlers.take_down(closing, "dlv_1")
    return Removal.objects.get()


def closed(removal: Removal) -> Removal:
    """The same, brought to its end by hand."""
    following = list(RemovalState)[1:]
    for state in following:
        asked = {"to": state.value, "detail": "as the test says"}
        removal = perform(AdvanceRemoval, removal, asked, actor=REMOVER).result
    return removal


def post(browser: Any, address: str, **body: Any) -> Any:
    return browser.post(address, json.dumps(body), content_type="application/json")


def test_drift_is_shown_filtered_and_waits_for_an_answer(
    drifted: Deployment, log_in: LogIn, operator_user: User
) -> None:
    desk = log_in(operator_user)
    page = desk.get(f"{OPERATORS}/deployment/{drifted.pk}/change/").content.decode()
    assert "aws_s3_bucket.files" in page
    assert "public-read" in page
    listed = desk.get(f"{OPERATORS}/deployment/?drift=yes").content.decode()
    assert drifted.public_id in listed
    none = desk.get(f"{OPERATORS}/deployment/?drift=no").content.decode()
    assert drifted.public_id not in none
    assert "Deployments changed outside" in desk.get("/operators/").content.decode()

    address = f"/api/deployments/{drifted.public_id}"
    assert desk.get(address).json()["drift"]["lines"][0]["is"] == "public-read"
    answer = post(desk, f"{address}/adopt-drift")
    assert answer.status_code == 200, answer.content
    run = Run.objects.get(public_id=answer.json()["id"])
    assert (run.operation, run.needs_confirmation) == (Operation.ADOPT, True)


def test_repair_builds_again_what_the_stack_says(
    drifted: Deployment, operator: Actor
) -> None:
    run = perform(RepairDrift, drifted, actor=operator).result
    assert run.operation == Operation.APPLY
    assert run.requested_by == operator.id


def test_what_did_not_drift_has_no_answer(
    standing: Deployment, log_in: LogIn, operator_user: User
) -> None:
    address = f"/api/deployments/{standing.public_id}/adopt-drift"
    refused = post(log_in(operator_user), address)
    assert refused.status_code == 409
    assert "nothing was found" in refused.json()["detail"]


def test_a_rollout_is_drawn_and_steered(
    rollout: Rollout, log_in: LogIn, operator_user: User, outsider_user: User
) -> None:
    desk = log_in(operator_user)
    page = desk.get(f"{OPERATORS}/rollout/{rollout.pk}/change/").content.decode()
    assert '<rect class="wave-waiting"' in page
    assert "Pause rollout" in page
    for model in ("rollout", "rolloutitem"):
        assert desk.get(f"{OPERATORS}/{model}/").status_code == 200
    address = f"/api/rollouts/{rollout.public_id}"
    assert post(desk, f"{address}/pause").json()["state"] == "paused"
    assert desk.get(address).json()["items"][0]["state"] == "waiting"
    assert "that are paused" in desk.get("/operators/").content.decode()
    assert log_in(outsider_user).get(address).status_code == 404


def test_a_rollout_is_tried_before_it_is_started(
    rollout: Rollout, log_in: LogIn, operator_user: User
) -> None:
    rollout.items.all().delete()
    rollout.delete()
    newer = StackVersion.objects.get(digest="e" * 64)
    address = f"/api/stacks/{newer.public_id}/rollouts"
    shown = post(log_in(operator_user), f"{address}?dry_run=true").json()
    assert len(shown["output"]["waves"]) == 1
    assert not Rollout.objects.exists()


def test_a_stuck_removal_waits_for_an_operator(
    removal: Removal, log_in: LogIn, operator_user: User
) -> None:
    desk = log_in(operator_user)
    perform(NoteRemoval, removal, {"trouble": "no room"}, actor=REMOVER)
    assert "Removals that are stuck" in desk.get("/operators/").content.decode()
    listed = desk.get(f"{OPERATORS}/removal/?progress=stuck").content.decode()
    assert removal.public_id in listed
    page = desk.get(f"{OPERATORS}/removal/{removal.pk}/change/").content.decode()
    assert "no room" in page
    assert "Retry removal" in page
    owner = User.objects.get(email="acme@example.com")
    portal = log_in(owner).get(f"/tenants/{removal.tenant.public_id}/")
    assert "What is taken away" in portal.content.decode()
    address = f"/api/removals/{removal.public_id}"
    assert post(desk, f"{address}/retry").status_code == 200
    assert desk.get(address).json()["trouble"] == ""
    assert desk.get(f"{address}/record").status_code == 404  # not yet


def test_the_record_is_for_operators_and_the_owner(
    removal: Removal, log_in: LogIn, operator_user: User, outsider_user: User
) -> None:
    removal = closed(removal)
    address = f"/api/removals/{removal.public_id}/record"
    owner = User.objects.get(email="acme@example.com")
    for user in (operator_user, owner):
        answer = log_in(user).get(address)
        assert answer.status_code == 200
        assert "attachment" in answer["Content-Disposition"]
        assert record.read(answer.content)["removal"] == removal.public_id
    assert log_in(outsider_user).get(address).status_code == 404
    portal = log_in(owner).get(f"/tenants/{removal.tenant.public_id}/")
    assert address in portal.content.decode()
    page = log_in(operator_user).get(f"{OPERATORS}/removal/{removal.pk}/change/")
    assert address in page.content.decode()


def test_the_owner_sets_the_window_and_nobody_else_may(
    standing: Deployment, log_in: LogIn, outsider_user: User
) -> None:
    owner = User.objects.get(email="acme@example.com")
    address = f"/api/deployments/{standing.public_id}/window"
    assert post(log_in(owner), address, days=["sun"]).status_code == 200
    standing.refresh_from_db()
    assert standing.window["days"] == ["sun"]
    assert post(log_in(outsider_user), address, days=[]).status_code == 404
    wrong = post(log_in(owner), address, days=["someday"])
    assert wrong.status_code == 422
