"""Into Oracle Cloud: a stub checks our token and answers as documented."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.errors import CloudFailed
from provisioning.models import Run
from provisioning.states import Phase
from tests.provisioning.clouds.conftest import (
    Hold,
    account_of,
    private,
)
from tests.provisioning.clouds.stub import Answer, Asked, claims_of, cloud, ok, refused


# --- Oracle ---
def oracle(asked: Asked) -> Answer:
    if asked.path == "/oauth2/v1/token":
        client = base64.b64decode(asked.headers["authorization"].split()[1]).decode()
        if not client.endswith(":sealed"):
            return refused(401, "invalid_client")
        claims = claims_of(asked.form["subject_token"], "paybill")
        assert asked.form["requested_token_type"] == "urn:oci:token-type:oci-upst"
        assert base64.b64decode(asked.form["public_key"])
        return ok({"token": f"upst for {claims['phase']}"})
    assert asked.headers["authorization"].startswith('Signature version="1",keyId="ST$')
    if "/secretbundles/" in asked.path:
        content = base64.b64encode(b"log-in").decode()
        return ok({"secretBundleContent": {"content": content}})
    row = {
        "identifier": "ocid1.vcn.oc1.a",
        "freeformTags": {"paybill:address": "oci_core_vcn.this"},
        "lifecycleState": "AVAILABLE",
    }
    if "page=" in asked.path:
        ended = {
            **row,
            "identifier": "ocid1.key.b",
            "lifecycleState": "PENDING_DELETION",
        }
        return ok({"items": [ended]})
    return ok({"items": [row]}, opc_next_page="two")


@pytest.fixture
def at_oracle(hold: Hold) -> Callable[[str], Run]:
    def make(address: str, known: str = "sealed") -> Run:
        return hold(
            "oracle",
            "eu-frankfurt-1",
            endpoint=address,
            method="exchanged",
            identities={p: f"client-{p}" for p in ("plan", "apply", "read")},
            secret=json.dumps(dict.fromkeys(("plan", "apply", "read"), known)),
            details={
                "tenancy": "ocid1.tenancy.oc1..a",
                "compartment": "ocid1.compartment.oc1..a",
                "identity_domain": "https://idcs-a.identity.oraclecloud.com",
            },
        )

    return make


def test_oracle_exchanges_our_token_for_a_session_of_the_phase(
    at_oracle: Callable[[str], Run], tmp_path: Path
) -> None:
    with cloud(oracle) as stub:
        run = at_oracle(stub.address)
        with access(run, Phase.APPLY, tmp_path) as opened:
            assert opened.environment["OCI_AUTH"] == "SecurityToken"
            config = tmp_path / ".oci" / "config"
            entries = dict(
                line.split("=", 1) for line in config.read_text().splitlines()[1:]
            )
            token = Path(entries["security_token_file"])
            assert token.read_text() == "upst for apply"
            key = Path(entries["key_file"])
            assert "PRIVATE KEY" in key.read_text()
            assert private(config)
            assert private(token)
            assert private(key)
        assert not token.exists()
        assert not key.exists()


def test_oracle_lists_pages_with_signed_requests(
    at_oracle: Callable[[str], Run],
) -> None:
    with cloud(oracle) as stub:
        run = at_oracle(stub.address)
        asked = adapter("oracle").inventory(run.deployment)
        found = {f.name: f for f in asked.listed(run.deployment)}
        assert found["ocid1.vcn.oc1.a"].address == "oci_core_vcn.this"
        assert found["ocid1.vcn.oc1.a"].ends == ""
        assert found["ocid1.key.b"].ends == "pending deletion"
        assert (
            adapter("oracle").attempt(account_of(run)).startswith("plan: client-plan")
        )
        secret = "ocid1.vaultsecret.oc1.a"
        kept = json.loads(adapter("oracle").read_secret(run.deployment, secret))
        assert kept == {"username": "paybill_master", "password": "log-in"}


def test_a_client_that_oracle_does_not_know_is_quoted(
    at_oracle: Callable[..., Run],
) -> None:
    with cloud(oracle) as stub:
        run = at_oracle(stub.address, known="wrong")
        with pytest.raises(CloudFailed, match=r"answered 401: .*invalid_client"):
            adapter("oracle").attempt(account_of(run))


# --- answers that are none ---
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(500, "token=eyJhbGciOiJub25lIn0.e30.x"), "answered 500"),
        (ok({}), "has no token"),
    ],
)
def test_an_answer_that_is_none_is_said_without_secrets(
    at_oracle: Callable[[str], Run], answer: Answer, words: str
) -> None:
    with cloud(lambda asked: answer) as stub:
        run = at_oracle(stub.address)
        with pytest.raises(CloudFailed, match=words) as told:
            adapter("oracle").attempt(account_of(run))
        assert "eyJ" not in told.value.detail
