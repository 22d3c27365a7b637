"""What Paybill puts into Oracle's vault, and takes out of its bucket."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from provisioning.clouds.oracle import placing
from provisioning.errors import CloudFailed
from provisioning.models import Run
from tests.provisioning.clouds.conftest import Hold
from tests.provisioning.clouds.stub import Answer, Asked, claims_of, cloud, ok, refused

OUTPUTS = {"storage": "oci://pb-1-g1@space", "secret_reference": "ocid1.vaultsecret.l"}
HANDED = {"licence": "hunter2", "version": "1"}
type Make = Callable[[str], Run]


@dataclass
class Oracle:
    """A vault with one secret, a bucket with versions, and who asked for both."""

    content: str = "{}"
    versions: list[dict[str, str]] = field(default_factory=list)
    uploads: list[dict[str, str]] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    puts: int = 0
    full: bool = False

    def __call__(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/oauth2/v1/token":
            claims = claims_of(asked.form["subject_token"], "paybill")
            self.phases.append(claims["phase"])
            return ok({"token": "upst"})
        assert asked.headers["authorization"].startswith('Signature version="1",keyId=')
        if parts.path.startswith(("/20190301/", "/20180608/")):
            return self._vault(asked, parts.path, query)
        return self._bucket(asked.method, parts.path, query)

    def _vault(self, asked: Asked, path: str, query: dict[str, str]) -> Answer:
        if asked.method == "POST":
            assert query == {
                "secretName": "pb-1-g1-handover",
                "vaultId": "ocid1.vault.v",
            }
            content = base64.b64encode(self.content.encode()).decode()
            bundle = {"contentType": "BASE64", "content": content}
            return ok(
                {"secretId": "ocid1.vaultsecret.h", "secretBundleContent": bundle}
            )
        assert (asked.method, path) == ("PUT", "/20180608/secrets/ocid1.vaultsecret.h")
        assert "x-content-sha256" in asked.headers["authorization"]
        if self.full:
            return refused(409, f"echo of {asked.body.decode()}")
        sent = asked.json["secretContent"]
        self.content = base64.b64decode(sent["content"]).decode()
        self.puts += 1
        return ok({"id": "ocid1.vaultsecret.h", "lifecycleState": "UPDATING"})

    def _bucket(self, method: str, path: str, query: dict[str, str]) -> Answer:
        base = "/n/space/b/pb-1-g1"
        if path == f"{base}/objectversions":
            return ok({"items": self.versions[:2]})
        if path == f"{base}/u":
            return ok(list(self.uploads))
        if method == "DELETE" and path.startswith(f"{base}/o/"):
            name = unquote(path.removeprefix(f"{base}/o/"))
            self.versions.remove({"name": name, "versionId": query["versionId"]})
            return 204, {}, {}
        if method == "DELETE" and path.startswith(f"{base}/u/"):
            self.uploads.clear()
            return 204, {}, {}
        return refused(404, "BucketNotFound")


@pytest.fixture
def at_oracle(hold: Hold) -> Make:
    def make(address: str) -> Run:
        run = hold(
            "oracle",
            "eu-frankfurt-1",
            endpoint=address,
            method="exchanged",
            identities={p: f"client-{p}" for p in ("plan", "apply", "read")},
            secret=json.dumps(dict.fromkeys(("plan", "apply", "read"), "sealed")),
            details={"tenancy": "ocid1.tenancy.oc1..a"},
        )
        run.inputs = {**run.inputs, "account": {"vault": "ocid1.vault.v"}}
        run.deployment.kind = "silo"
        return run

    return make


def test_the_handover_becomes_a_version_once_by_the_applying_identity(
    at_oracle: Make,
) -> None:
    oracle = Oracle()
    with cloud(oracle) as stub:
        run = at_oracle(stub.address)
        placing.place(run, OUTPUTS, HANDED)
        placing.place(run, OUTPUTS, HANDED)
        assert json.loads(oracle.content) == HANDED
        assert oracle.puts == 1
        placing.place(run, OUTPUTS, {**HANDED, "version": "2"})
        assert oracle.puts == 2
        assert set(oracle.phases) == {"apply"}


def test_a_bridge_needs_nothing(at_oracle: Make) -> None:
    with cloud(Oracle()) as stub:
        run = at_oracle(stub.address)
        run.deployment.kind = "bridge"
        placing.place(run, OUTPUTS, HANDED)
        assert placing.clear(run.deployment, OUTPUTS) == "there is no bucket"
        assert not stub.asked


def test_a_refusal_shows_nothing_of_what_was_sent(at_oracle: Make) -> None:
    with cloud(Oracle(full=True)) as stub:
        run = at_oracle(stub.address)
        with pytest.raises(CloudFailed, match="answered 409") as told:
            placing.place(run, OUTPUTS, HANDED)
        assert "echo" not in told.value.detail


def test_a_bucket_is_emptied_versions_and_half_uploads_too(at_oracle: Make) -> None:
    versions = [
        {"name": f"invoices/ü {n}.pdf", "versionId": v} for n in (1, 2) for v in "ab"
    ]
    oracle = Oracle(versions=versions, uploads=[{"object": "x/y", "uploadId": "u1"}])
    with cloud(oracle) as stub:
        deployment = at_oracle(stub.address).deployment
        said = placing.clear(deployment, OUTPUTS)
        assert said == "the bucket is empty: 4 versions and 1 uploads deleted"
        assert (oracle.versions, oracle.uploads) == ([], [])
        assert placing.clear(deployment, OUTPUTS).startswith("the bucket is empty: 0")


def test_a_large_bucket_is_emptied_look_by_look(
    at_oracle: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "PATIENCE", -1.0)
    rows = [{"name": str(n), "versionId": "a"} for n in range(3)]
    with cloud(Oracle(versions=rows)) as stub:
        deployment = at_oracle(stub.address).deployment
        said = [placing.clear(deployment, OUTPUTS) for _ in range(3)]
    assert said[:2] == ["", ""]
    assert said[2].startswith("the bucket is empty")


def test_a_bucket_that_is_gone_stops_nothing(at_oracle: Make) -> None:
    with cloud(Oracle()) as stub:
        deployment = at_oracle(stub.address).deployment
        gone: dict[str, Any] = {**OUTPUTS, "storage": "oci://pb-2-g1@space"}
        assert "no bucket pb-2-g1" in placing.clear(deployment, gone)
