"""A container fetches its secrets by its own identity; stubs stand for the stores."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from paybill_site.container import handover, references, vaults
from paybill_site.container.handover import Handover
from tests.container.conftest import container
from tests.container.test_tenant import get
from tests.provisioning.clouds.stub import Answer, Asked, cloud, ok, refused
from tests.services import any_port

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WHOLE = dict.fromkeys(Handover.model_fields, "x" * 60)
HANDOVER, LOGIN = "ocid1.vaultsecret.oc1.h", "ocid1.vaultsecret.oc1.l"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "PAUSE", 0.01)


@pytest.fixture
def on_oracle(tmp_path: Path) -> dict[str, str]:
    """The environment of a container instance there."""
    pem, token = tmp_path / "private.pem", tmp_path / "rpst"
    form = PrivateFormat.TraditionalOpenSSL
    pem.write_bytes(KEY.private_bytes(Encoding.PEM, form, NoEncryption()))
    token.write_text("session\n")
    return {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_REGION": "eu-frankfurt-1",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(token),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(pem),
        "PAYBILL_HANDOVER_REFERENCE": HANDOVER,
        "PAYBILL_HANDOVER_VERSION": "2",
        "PAYBILL_DATABASE_MASTER_REFERENCE": LOGIN,
        "PAYBILL_DATABASE_MASTER_USER": "paybill_master",
        "PAYBILL_DATABASE_HOST": "10.0.0.5",
        "PAYBILL_DATABASE_NAME": "postgres",
    }


def bundle(content: str) -> Answer:
    coded = base64.b64encode(content.encode()).decode()
    return ok({"secretBundleContent": {"contentType": "BASE64", "content": coded}})


def check_signed(asked: Asked) -> None:
    """As Oracle checks it: by the public half, over the lines that are named."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', asked.headers["authorization"]))
    assert said["keyId"] == "ST$session"
    lines = {"(request-target)": f"get {asked.path}", **asked.headers}
    plain = "\n".join(f"{name}: {lines[name]}" for name in said["headers"].split())
    signature = base64.b64decode(said["signature"])
    KEY.public_key().verify(signature, plain.encode(), PKCS1v15(), SHA256())


def in_turn(*handovers: Answer) -> Callable[[Asked], Answer]:
    """Oracle's vault, in which the handover changes from look to look."""
    left = list(handovers)

    def answer(asked: Asked) -> Answer:
        check_signed(asked)
        if asked.path.endswith(LOGIN):
            return bundle("p/a:ss")
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def version(number: str) -> Answer:
    return bundle(json.dumps({**WHOLE, "version": number}))


def test_on_oracle_it_waits_for_its_version_and_starts_from_what_it_finds(
    on_oracle: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    not_yet = refused(404, "NotAuthorizedOrNotFound"), bundle("{}"), version("1")
    with cloud(in_turn(*not_yet, version("2"))) as stub:
        monkeypatch.setattr(vaults, "ORACLE", stub.address)
        given = references.resolved(on_oracle, any_port())
    made = handover.environment(given)
    first = "postgresql://paybill_master:p%2Fa%3Ass@10.0.0.5:5432/postgres"
    assert made["PAYBILL_SUPERUSER_URL"].startswith(first)
    assert json.loads(given["PAYBILL_HANDOVER"])["version"] == "2"
    assert not [name for name in made if "REFERENCE" in name]


def test_while_it_waits_it_is_alive_and_not_ready(
    on_oracle: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = any_port()
    seen: list[int] = []

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith(LOGIN):
            return bundle("secret")
        if not seen and len(stub.asked) > 2:
            health = f"http://127.0.0.1:{port}/health/live"
            with urllib.request.urlopen(health, timeout=10) as probe:
                seen.append(probe.status)
        return version("2") if seen else bundle("{}")

    with cloud(answer) as stub:
        monkeypatch.setattr(vaults, "ORACLE", stub.address)
        references.resolved(on_oracle, port)
    assert seen == [202]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)


def test_on_ibm_the_applications_token_becomes_one_of_its_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("of this application")

    def answer(asked: Asked) -> Answer:
        if asked.path == "/identity/token":
            assert asked.form == {
                "grant_type": "urn:ibm:params:oauth:grant-type:cr-token",
                "cr_token": "of this application",
                "profile_name": "pb-1-g1",
            }
            return ok({"access_token": "of the profile"})
        assert asked.headers["authorization"] == "Bearer of the profile"
        log_in = {"username": "admin", "password": "Pb1_x"}
        kept = {**WHOLE, "version": "1"} if "handover" in asked.path else log_in
        return ok({"payload": json.dumps(kept)})

    with cloud(answer) as stub:
        monkeypatch.setattr(vaults, "TOKEN", token)
        monkeypatch.setattr(vaults, "IAM", stub.address)
        monkeypatch.setattr(vaults, "SECRETS_MANAGER", re.compile(r"http://127.*"))
        base = f"{stub.address}/api/v2/secret_groups/pb-1-g1/secret_types/arbitrary"
        given = references.resolved(
            {
                "PAYBILL_IDENTITY": "pb-1-g1",
                "PAYBILL_HANDOVER_REFERENCE": f"{base}/secrets/pb-1-g1-handover",
                "PAYBILL_DATABASE_MASTER_REFERENCE": f"{base}/secrets/pb-1-g1-login",
                "PAYBILL_DATABASE_HOST": "db.internal",
            },
            port=0,
        )
    made = handover.environment(given)
    assert made["PAYBILL_SUPERUSER_URL"].startswith("postgresql://admin:Pb1_x@")


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("https://evil.example/api/v2/secrets/a", "an OCID|the OCID of a secret"),
        (HANDOVER, "OCI_RESOURCE_PRINCIPAL_RPST is not set"),
    ],
)
def test_who_has_no_identity_or_no_store_says_so(reference: str, says: str) -> None:
    with pytest.raises(vaults.Closed, match=says):
        vaults.read_secret(reference, {})


def test_patience_ends_and_names_what_is_missing(
    on_oracle: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(references, "PATIENCE", 0.0)
    with cloud(in_turn(refused(401, "echo session"))) as stub:
        monkeypatch.setattr(vaults, "ORACLE", stub.address)
        with pytest.raises(references.NotThereYet, match=r"for PAYBILL_HANDOVER$"):
            references.resolved(on_oracle, any_port())
    said = capsys.readouterr().err
    assert "answered 401" in said
    assert "session" not in said


def test_what_is_given_is_not_looked_for() -> None:
    given = {"PAYBILL_HANDOVER": "{}", "PAYBILL_HANDOVER_REFERENCE": "anything"}
    assert references.resolved(given, port=0) == given


def test_a_container_that_waits_can_be_probed_and_stopped() -> None:
    port = any_port()
    process = container({"PAYBILL_HANDOVER_REFERENCE": HANDOVER}, "tenant", port=port)
    until = time.monotonic() + 60
    while get(port, "/health/live") != 202:
        assert process.poll() is None, process.communicate()[1].decode()[-4000:]
        assert time.monotonic() < until, "nobody answers while it waits"
        time.sleep(0.1)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"OCI_RESOURCE_PRINCIPAL_RPST is not set" in said
