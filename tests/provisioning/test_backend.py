"""The state backend says no to everything but the run's own Terraform, in order."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.models import AuditEntry
from provisioning import state, statediff
from provisioning.actions import (
    AdoptState,
    ClaimRun,
    DiscardState,
    EndRun,
    PinRun,
    ReleaseStateLock,
    RescueState,
    RollbackState,
    StartCheck,
    StartPlan,
    ThawDeployment,
)
from provisioning.actions.statefile import RescueInput
from provisioning.errors import Frozen, IllegalLock, RunActive, StateRefused
from provisioning.models import Deployment, Run, StateLock, StateVersion
from provisioning.states import RunState
from provisioning.system import REAPER, RUNNER
from tests.provisioning.conftest import OPERATOR, queue

TOKEN = "pbk_run_for-this-test-only-00000000"
LOCK = {"ID": "lock-1", "Operation": "OperationTypeApply", "Who": "me@here"}


def body(number: int, lineage: str = "line-1", **more: Any) -> bytes:
    held = {"version": 4, "serial": number, "lineage": lineage, "resources": [], **more}
    return json.dumps(held).encode()


class Terraform:
    """Speaks as Terraform's ``http`` backend does."""

    def __init__(self, run: Run, token: str = TOKEN) -> None:
        self.address = f"/terraform/state/{run.deployment.public_id}/"
        basic = base64.b64encode(f"{run.public_id}:{token}".encode()).decode()
        self.auth = {"Authorization": f"Basic {basic}"}
        self.client = Client(headers={"host": "localhost"})

    def __call__(
        self, method: str, path: str = "", data: bytes = b"", **headers: str
    ) -> Any:
        return self.client.generic(
            method,
            self.address + path,
            data,
            "application/json",
            headers={**self.auth, **headers},
        )

    def lock(self, info: dict[str, str] | None = None) -> Any:
        return self("POST", "lock/", json.dumps(info or LOCK).encode())

    def unlock(self, info: dict[str, str] | None = None) -> Any:
        return self("POST", "unlock/", json.dumps(info or LOCK).encode())

    def save(self, data: bytes, lock: str = "lock-1", **headers: str) -> Any:
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        sums = {"Content-MD5": base64.b64encode(digest).decode()}
        return self("POST", f"?ID={lock}", data, **{**sums, **headers})


@pytest.fixture
def run(deployment: Deployment) -> Run:
    """A run whose Terraform is applying."""
    run = perform(
        ClaimRun, queue(deployment), {"holder": "here 1 2"}, actor=RUNNER
    ).result
    started = {"fence": run.fence, "token_digest": token_digest(TOKEN)}
    run = perform(StartPlan, run, started, actor=RUNNER).result
    applying = {"state": RunState.APPLYING, "token_writes": True}
    Run.objects.filter(pk=run.pk).update(**applying)
    run.refresh_from_db()
    return run


@pytest.fixture
def terraform(run: Run) -> Terraform:
    return Terraform(run)


def test_a_token_is_good_for_one_phase(deployment: Deployment) -> None:
    queued = queue(deployment)
    run = perform(ClaimRun, queued, {"holder": "here 1 2"}, actor=RUNNER).result
    preparing = {"fence": run.fence, "token_digest": token_digest(TOKEN)}
    run = perform(StartPlan, run, preparing, actor=RUNNER).result
    assert Terraform(run)("GET").status_code == 204

    other = f"{TOKEN}-2"
    pinned = {
        "fence": run.fence,
        "token_digest": token_digest(other),
        "terraform_version": "1.15.0",
        "mirror_digest": "0" * 64,
        "lock_sha256": "0" * 64,
        "providers": [],
    }
    run = perform(PinRun, run, pinned, actor=RUNNER).result
    assert Terraform(run)("GET").status_code == 401, "prepare is over"
    assert Terraform(run, other)("GET").status_code == 204

    run = perform(StartCheck, run, {"fence": run.fence}, actor=RUNNER).result
    assert Terraform(run, other)("GET").status_code == 401, "the plan is made"


def test_lock_save_read_unlock(terraform: Terraform) -> None:
    assert terraform("GET").status_code == 204
    assert terraform.lock().status_code == 200
    assert terraform.save(body(1)).status_code == 200
    assert terraform.save(body(2)).status_code == 200
    answer = terraform("GET")
    assert json.loads(answer.content)["serial"] == 2
    digest = hashlib.md5(body(2), usedforsecurity=False).digest()
    assert answer["Content-MD5"] == base64.b64encode(digest).decode()
    assert "no-store" in answer["Cache-Control"]
    assert terraform.unlock().status_code == 200
    assert not StateLock.objects.exists()


def test_the_methods_lock_and_unlock_do_the_same(terraform: Terraform) -> None:
    assert terraform("LOCK", "", json.dumps(LOCK).encode()).status_code == 200
    assert terraform("UNLOCK", "", json.dumps(LOCK).encode()).status_code == 200


def test_a_held_lock_is_answered_with_its_holder(terraform: Terraform) -> None:
    terraform.lock()
    answer = terraform.lock({**LOCK, "ID": "lock-2"})
    assert answer.status_code == 423
    assert answer.json()["ID"] == "lock-1"
    assert answer.json()["Who"] == "me@here"


def test_an_answer_that_was_lost_can_be_asked_for_again(terraform: Terraform) -> None:
    terraform.lock()
    assert terraform.lock().status_code == 200
    assert terraform.save(body(1)).status_code == 200
    assert terraform.save(body(1)).status_code == 200
    assert StateVersion.objects.count() == 1
    terraform.unlock()
    assert terraform.unlock().status_code == 200


def test_unlocking_by_force_is_refused(terraform: Terraform) -> None:
    terraform.lock()
    assert terraform("POST", "unlock/").status_code == 422
    assert terraform.unlock({**LOCK, "ID": "lock-2"}).status_code == 423
    assert StateLock.objects.exists()


@pytest.mark.parametrize(
    ("lock", "data", "status"),
    [
        ("", body(2), 423),
        ("lock-2", body(2), 423),
        ("lock-1", body(2, "line-2"), 409),
        ("lock-1", body(1, terraform_version="x"), 409),
        ("lock-1", body(0), 409),
        ("lock-1", b"{", 409),
        ("lock-1", b"[]", 409),
        ("lock-1", b'{"serial": 2, "lineage": "line-1"}', 409),
        ("lock-1", body(2, version=3), 409),
        ("lock-1", body(2, version=5), 409),
        ("lock-1", body(2, version="4"), 409),
        ("lock-1", body(2, serial="2"), 409),
        ("lock-1", body(2, serial=True), 409),
        ("lock-1", body(2, serial=-1), 409),
        ("lock-1", body(2, serial=2**60), 409),
        ("lock-1", body(2, ""), 409),
        ("lock-1", body(2, "l" * 61), 409),
        ("lock-1", body(2, resources={}), 409),
        ("lock-1", b"[" * 100_000, 409),
        ("lock-1", b"\xff\x00", 409),
    ],
)
def test_a_state_that_does_not_follow_is_refused(
    terraform: Terraform, lock: str, data: bytes, status: int
) -> None:
    terraform.lock()
    terraform.save(body(1))
    assert terraform.save(data, lock).status_code == status
    assert json.loads(terraform("GET").content) == json.loads(body(1))


def test_without_a_lock_nothing_is_saved(terraform: Terraform) -> None:
    assert terraform.save(body(1)).status_code == 409


def test_a_body_that_was_damaged_on_its_way_is_refused(terraform: Terraform) -> None:
    terraform.lock()
    wrong = base64.b64encode(b"0" * 16).decode()
    assert terraform.save(body(1), **{"Content-MD5": wrong}).status_code == 409
    assert terraform.save(body(1), **{"Content-MD5": "?"}).status_code == 409
    assert terraform.save(body(1), **{"Content-MD5": ""}).status_code == 409


def test_a_plan_reads_and_locks_and_does_not_write(
    terraform: Terraform, run: Run
) -> None:
    Run.objects.update(state=RunState.PLANNING, token_writes=False)
    assert terraform.lock().status_code == 200
    assert terraform("GET").status_code == 204
    assert terraform.save(body(1)).status_code == 403


@pytest.mark.parametrize("other", ["pending", "waiting", "finishing", "applied"])
def test_the_token_is_dead_outside_its_phase(
    terraform: Terraform, run: Run, other: str
) -> None:
    Run.objects.update(state=other)
    answer = terraform("GET")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic")


def test_strangers_stay_out(run: Run, terraform: Terraform) -> None:
    assert Terraform(run, "another-token")("GET").status_code == 401
    terraform.auth = {}
    assert terraform("GET").status_code == 401
    terraform.auth = {"Authorization": "Basic ???"}
    assert terraform("GET").status_code == 401


def test_who_lost_the_lease_can_not_write(terraform: Terraform, run: Run) -> None:
    terraform.lock()
    Deployment.objects.update(fence=run.fence + 1)
    assert terraform.save(body(1)).status_code == 401
    assert not StateVersion.objects.exists()


def test_a_lock_of_an_earlier_fence_saves_nothing(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    StateLock.objects.update(fence=run.fence - 1)
    assert terraform.save(body(1)).status_code == 423


def test_the_lock_goes_with_its_run(terraform: Terraform, run: Run) -> None:
    terraform.lock()
    ended = {"fence": run.fence, "state": "failed", "explanation": "no"}
    Deployment.objects.update(state="building")
    perform(EndRun, run, ended, actor=RUNNER)
    assert not StateLock.objects.exists()
    assert terraform("GET").status_code == 401


def test_there_is_no_delete(terraform: Terraform) -> None:
    assert terraform("DELETE").status_code == 405


def test_ten_megabytes_are_stored(terraform: Terraform) -> None:
    terraform.lock()
    assert terraform.save(body(1, filler="x" * 10_000_000)).status_code == 200
    assert len(terraform("GET").content) > 10_000_000


def test_more_than_sixty_four_mebibytes_are_refused(terraform: Terraform) -> None:
    terraform.lock()
    over = body(1, filler="x" * state.LIMIT)
    assert terraform.save(over).status_code == 413
    lies = terraform.save(over, **{"Content-Length": "100"})  # cut off by the server
    assert lies.status_code == 409
    assert not StateVersion.objects.exists()


def test_the_state_is_encrypted_and_not_in_the_audit(terraform: Terraform) -> None:
    terraform.lock()
    terraform.save(body(1, outputs={"password": {"value": "hunter2-secret"}}))
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT content FROM provisioning_stateversion")
        assert b"hunter2-secret" not in bytes(cursor.fetchone()[0])
    assert not AuditEntry.objects.filter(body__contains="hunter2-secret").exists()
    saved = AuditEntry.objects.get(action="provisioning.save_state")
    assert saved.outcome == "done"


def test_a_lock_is_released_by_an_operator_when_no_run_is_active(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    with pytest.raises(IllegalLock):
        perform(ReleaseStateLock, run.deployment, actor=OPERATOR)
    Run.objects.update(state=RunState.ERRORED)
    perform(ReleaseStateLock, run.deployment, actor=OPERATOR)
    assert not StateLock.objects.exists()


def test_a_rescued_state_freezes_the_deployment_until_it_is_adopted(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(1))
    rescued = RescueInput(fence=run.fence, body=body(5, resources=[{}]))
    perform(RescueState, run, rescued, actor=REAPER)
    assert json.loads(terraform("GET").content)["serial"] == 1
    Run.objects.update(state=RunState.ERRORED)
    deployment = Deployment.objects.get()
    with pytest.raises(Frozen, match="has to be adopted"):
        queue(deployment)
    adopted = perform(AdoptState, deployment, actor=OPERATOR).result
    assert (adopted.serial, adopted.origin) == (5, "adopted")
    assert queue(deployment).state == RunState.PENDING
    with pytest.raises(StateRefused):
        perform(AdoptState, deployment, actor=OPERATOR)


def test_a_rescued_state_that_does_not_follow_is_discarded(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(5))
    for rescued in (body(4), b"half a sta"):
        kept = RescueInput(fence=run.fence, body=rescued)
        assert perform(RescueState, run, kept, actor=REAPER).result.origin == "rescued"
        perform(RescueState, run, kept, actor=REAPER)
    assert StateVersion.objects.filter(origin="rescued").count() == 2
    Run.objects.update(state=RunState.ERRORED)
    deployment = Deployment.objects.get()
    with pytest.raises(StateRefused, match="serial 4 does not follow 5"):
        perform(AdoptState, deployment, actor=OPERATOR)
    with pytest.raises(Frozen, match="adopt or discard"):
        perform(ThawDeployment, deployment, actor=OPERATOR)
    perform(DiscardState, deployment, actor=OPERATOR, reason="it is older")
    deployment.refresh_from_db()
    assert (deployment.frozen, deployment.settled) == ("", False)
    newest = state.current(deployment)
    assert newest is not None
    assert newest.serial == 5


def test_a_state_that_arrived_after_all_freezes_nothing(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    terraform.save(body(1))
    perform(RescueState, run, RescueInput(fence=run.fence, body=body(1)), actor=REAPER)
    assert not Deployment.objects.get().frozen
    assert StateVersion.objects.count() == 1


def resource(name: str, **attributes: Any) -> dict[str, Any]:
    sensitive = [[{"type": "get_attr", "value": "password"}]]
    instance = {"attributes": attributes, "sensitive_attributes": sensitive}
    return {"mode": "managed", "type": "t", "name": name, "instances": [instance]}


def test_two_versions_are_compared_without_their_secrets(terraform: Terraform) -> None:
    before = [resource("a", size=1, password="hunter1"), resource("gone", id="x")]
    after = [resource("a", size=2, password="hunter2"), resource("new", id="y")]
    terraform.lock()
    terraform.save(body(1, resources=before, outputs={"o": {"value": "hunter3"}}))
    terraform.save(body(2, resources=after))
    newer, older = StateVersion.objects.all()
    shown = statediff.diff(older, newer)
    assert shown["added"] == ["t.new"]
    assert shown["removed"] == ["t.gone"]
    assert shown["outputs"] == ["o"]
    masked = {"name": "password", "before": "(sensitive)", "after": "(sensitive)"}
    plain = {"name": "size", "before": 1, "after": 2}
    assert shown["changed"] == [{"address": "t.a", "attributes": [masked, plain]}]
    assert "hunter" not in json.dumps(shown)


def test_an_older_state_is_put_in_force_again_as_a_new_version(
    terraform: Terraform, run: Run
) -> None:
    terraform.lock()
    for number in (1, 2, 3):
        terraform.save(body(number, resources=[resource("a", size=number)]))
    older, newest = StateVersion.objects.get(serial=1), StateVersion.objects.first()
    with pytest.raises(RunActive):
        perform(RollbackState, older, actor=OPERATOR)
    Run.objects.update(state=RunState.FAILED)
    again = perform(RollbackState, older, actor=OPERATOR).result
    assert (again.serial, again.lineage, again.origin) == (4, "line-1", "reverted")
    assert state.current(run.deployment) == again
    held = json.loads(again.content)
    assert (held["serial"], held["resources"][0]["instances"][0]["attributes"]) == (
        4,
        {"size": 1},
    )
    deployment = Deployment.objects.get()
    assert (deployment.frozen, deployment.settled) == ("", False)
    with pytest.raises(StateRefused):
        perform(RollbackState, again, actor=OPERATOR)
    assert newest is not None
