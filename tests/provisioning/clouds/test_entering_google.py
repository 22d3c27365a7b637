"""Into Google Cloud: a stub checks our token and answers as documented."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.models import Run
from provisioning.states import Phase
from tests.provisioning.clouds.conftest import (
    Hold,
    account_of,
    private,
)
from tests.provisioning.clouds.stub import Answer, Asked, claims_of, cloud, ok

PROVIDER = "projects/1/locations/global/workloadIdentityPools/paybill/providers/main"


def google(asked: Asked) -> Answer:
    if asked.path == "/v1/token":
        claims_of(asked.form["subject_token"], f"https://iam.googleapis.com/{PROVIDER}")
        assert asked.form["audience"] == f"//iam.googleapis.com/{PROVIDER}"
        return ok({"access_token": "federated"})
    if asked.path.endswith(":generateAccessToken"):
        assert asked.headers["authorization"] == "Bearer federated"
        return ok({"accessToken": "short", "expireTime": "2030-01-01T00:00:00Z"})
    if ":searchAllResources" in asked.path:
        row = {
            "name": "//storage.googleapis.com/pb-a-g1",
            "labels": {"paybill-address": "google_storage_bucket-this"},
        }
        return ok({"results": [row]})
    data = base64.b64encode(b"log-in").decode()
    return ok({"payload": {"data": data}})


@pytest.fixture
def at_google(hold: Hold) -> Callable[[str], Run]:
    def make(address: str) -> Run:
        return hold(
            "google",
            "europe-west3",
            endpoint=address,
            method="federated",
            identities={
                p: f"paybill-{p}@project.iam.gserviceaccount.com"
                for p in ("plan", "apply", "read")
            },
            details={"project": "project", "provider": PROVIDER},
        )

    return make


def test_google_gets_a_file_without_a_secret(
    at_google: Callable[[str], Run], tmp_path: Path
) -> None:
    with access(at_google(""), Phase.APPLY, tmp_path) as opened:
        path = Path(opened.environment["GOOGLE_APPLICATION_CREDENTIALS"])
        assert private(path)
        written = json.loads(path.read_text())
        token = Path(written["credential_source"]["file"]).read_text()
    assert written["type"] == "external_account"
    assert written["audience"] == f"//iam.googleapis.com/{PROVIDER}"
    assert "paybill-apply@" in written["service_account_impersonation_url"]
    assert (
        claims_of(token, f"https://iam.googleapis.com/{PROVIDER}")["phase"] == "apply"
    )


def test_google_lists_what_carries_the_labels(
    at_google: Callable[[str], Run],
) -> None:
    with cloud(google) as stub:
        run = at_google(stub.address)
        asked = adapter("google").inventory(run.deployment)
        [found] = asked.listed(run.deployment)
        assert (found.address, found.id) == ("google_storage_bucket.this", "pb-a-g1")
        assert not asked.verified
        assert "paybill-read@" in adapter("google").attempt(account_of(run))
        secret = "projects/project/secrets/login"
        assert adapter("google").read_secret(run.deployment, secret) == "log-in"
