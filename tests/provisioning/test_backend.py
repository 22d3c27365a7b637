"""The state backend says no to everything but the run's own Terraform, in order."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from django.db import connections

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.models import AuditEntry
from provisioning import state
from provisioning.actions import (
    ClaimRun,
    EndRun,
    PinRun,
    StartCheck,
    StartPlan,
)
from provisioning.models import Deployment, Run, StateLock, StateVersion
from provisioning.states import RunState
from provisioning.system import RUNNER
from tests.provisioning.backend import LOCK, TOKEN, Terraform, body, run, terraform
from tests.provisioning.conftest import queue

__all__ = ["run", "terraform"]


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
