"""Speaks to the state backend as Terraform does, for a run that is applying."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from django.test import Client

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from provisioning.actions import (
    ClaimRun,
    StartPlan,
)
from provisioning.models import Deployment, Run
from provisioning.states import RunState
from provisioning.system import RUNNER
from tests.provisioning.conftest import queue

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
