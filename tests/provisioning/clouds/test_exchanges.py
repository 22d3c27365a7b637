"""Our identity, exchanged at each cloud, and what Terraform is handed for it.

AWS is moto, whose STS takes any token; the others are stubs that check ours with an
independent library and answer in the shapes that their documentation shows.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.errors import CloudFailed, LeaseLost
from provisioning.identity import files
from provisioning.identity.files import TokenFile
from provisioning.identity.tokens import Bearer, Purpose
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Phase, RunState
from tests.provisioning.clouds.conftest import REGION
from tests.provisioning.clouds.stub import Answer, Asked, claims_of, cloud, ok, refused
from tests.provisioning.conftest import queue, wait_for

UUID = "00000000-0000-0000-0000-00000000000{}"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/paybill/providers/main"

type Hold = Callable[..., Run]


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.PAYBILL_OUTGOING_ALLOWED = ["127.0.0.1"]


@pytest.fixture
def hold(deployment: Deployment) -> Hold:
    """A run that is being applied in an account, with the newest fence."""

    def make(cloud: str, region: str, **account: Any) -> Run:
        row = CloudAccount.objects.create(
            name=f"Ours at {cloud}",
            cloud=cloud,
            simulation=True,
            regions=[region],
            **account,
        )
        run = queue(deployment)
        Deployment.objects.filter(pk=deployment.pk).update(
            cloud=cloud, region=region, account=row, fence=3
        )
        Run.objects.filter(pk=run.pk).update(fence=3, state=RunState.APPLYING)
        return Run.objects.get(pk=run.pk)

    return make


def account_of(run: Run) -> CloudAccount:
    assert run.deployment.account is not None
    return run.deployment.account


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


def subject(run: Run, purpose: str) -> str:
    named = f"deployment:{run.deployment.public_id}:run:{run.public_id}"
    return f"{named}:phase:{purpose}"


# --- AWS --------------------------------------------------------------------------


@pytest.fixture
def on_web_identity(hold: Hold, moto_address: str) -> Run:
    role = "arn:aws:iam::123456789012:role/paybill-{}"
    return hold(
        "aws",
        REGION,
        endpoint=moto_address,
        method="federated",
        identities={p: role.format(p) for p in ("plan", "apply", "read")},
    )


def test_awss_own_client_becomes_the_role_of_the_phase(
    on_web_identity: Run, tmp_path: Path
) -> None:
    """As Terraform's provider does: by standard variables and the token's file."""
    with access(on_web_identity, Phase.APPLY, tmp_path) as opened:
        token = Path(opened.environment["AWS_WEB_IDENTITY_TOKEN_FILE"])
        assert private(token)
        claims = claims_of(token.read_text(), "sts.amazonaws.com")
        assert claims["sub"] == subject(on_web_identity, "apply")
        assert who(opened.environment) == (
            "arn:aws:sts::123456789012:assumed-role/paybill-apply/"
            f"{on_web_identity.public_id}"
        )
    assert not token.exists()


def who(environment: Mapping[str, str]) -> str:
    """Whom AWS takes a process for that has this environment and nothing else."""
    script = (
        "import boto3, os; sts = boto3.client('sts', os.environ['AWS_REGION']);"
        "print(sts.get_caller_identity()['Arn'], end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_plan_and_apply_are_not_the_same_identity(
    on_web_identity: Run, tmp_path: Path
) -> None:
    with access(on_web_identity, Phase.PLAN, tmp_path) as opened:
        assert opened.environment["AWS_ROLE_ARN"].endswith("/paybill-plan")
    with access(on_web_identity, Phase.APPLY, tmp_path) as opened:
        assert opened.environment["AWS_ROLE_ARN"].endswith("/paybill-apply")


def test_a_simulation_needs_only_the_standard_variables(
    on_aws: Deployment, tmp_path: Path, moto_address: str
) -> None:
    run = Run(deployment=on_aws)
    with access(run, Phase.APPLY, tmp_path) as opened:
        assert dict(opened.environment) == {
            "AWS_ENDPOINT_URL": moto_address,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        assert opened.secrets == ()


def test_each_identity_of_an_account_is_tried(on_web_identity: Run) -> None:
    said = adapter("aws").attempt(account_of(on_web_identity))
    assert "plan: arn:aws:sts::123456789012:assumed-role/paybill-plan/" in said
    assert "read: arn:aws:sts::123456789012:assumed-role/paybill-read/" in said


# --- the token's file -------------------------------------------------------------


def test_the_file_is_renewed_while_the_run_is_held(
    on_web_identity: Run, tmp_path: Path
) -> None:
    run = on_web_identity
    bearer = Bearer(account_of(run), Purpose.APPLY, run.deployment, run)
    with TokenFile(tmp_path / "token", bearer, "aud") as file:
        first = file.path.read_text()
        file.write()
        second = file.path.read_text()
        assert claims_of(first, "aud")["jti"] != claims_of(second, "aud")["jti"]
        assert private(file.path)
        Deployment.objects.filter(pk=run.deployment_id).update(fence=4)
        with pytest.raises(LeaseLost):
            file.write()
    assert list(tmp_path.iterdir()) == []


def test_a_thread_renews_the_file_until_the_run_is_not_held_any_more(
    committed: None,
    on_web_identity: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "FRESH", 0.05)
    run = on_web_identity
    bearer = Bearer(account_of(run), Purpose.APPLY, run.deployment, run)
    with TokenFile(tmp_path / "token", bearer, "aud") as file:
        first = file.path.read_text()
        wait_for(lambda: file.path.read_text() != first, "a new token")
        Deployment.objects.filter(pk=run.deployment_id).update(fence=4)
        wait_for(lambda: not file.path.exists(), "the token to be taken away")


# --- Azure ------------------------------------------------------------------------


def azure(asked: Asked) -> Answer:
    if asked.path.endswith("/oauth2/v2.0/token"):
        claims = claims_of(asked.form["client_assertion"], "api://AzureADTokenExchange")
        if not claims["sub"].startswith("account:"):
            return refused(401, "AADSTS70021: no matching federated identity record")
        return ok({"access_token": f"as {asked.form['client_id']}"})
    if asked.path.startswith("/subscriptions/"):
        return ok({"displayName": "Production"})
    if "ResourceGraph" in asked.path:
        return azure_page(asked)
    return ok({"value": "log-in"})


def azure_page(asked: Asked) -> Answer:
    mark = asked.json["query"].partition("== '")[2].partition("'")[0]
    if "options" not in asked.json:
        row = azure_row(mark, "virtualNetworks/pb", "azurerm_virtual_network.this")
        return ok({"data": [row], "$skipToken": "next"})
    row = azure_row(mark, "subnets/a", "azurerm_subnet.private/a")
    return ok({"data": [row]})


def azure_row(mark: str, name: str, address: str) -> dict[str, Any]:
    tags = {"paybill:deployment": mark, "paybill:address": address}
    return {"id": f"/subscriptions/s/{name}", "type": "t", "tags": tags}


@pytest.fixture
def at_azure(hold: Hold) -> Callable[[str], Run]:
    def make(address: str) -> Run:
        return hold(
            "azure",
            "westeurope",
            endpoint=address,
            method="federated",
            identities={
                p: UUID.format(n) for n, p in enumerate(("plan", "apply", "read"))
            },
            details={"directory": UUID.format(8), "subscription": UUID.format(9)},
        )

    return make


def test_azure_takes_the_file_and_the_client_of_the_phase(
    at_azure: Callable[[str], Run], tmp_path: Path
) -> None:
    run = at_azure("")
    with access(run, Phase.PLAN, tmp_path) as opened:
        given = opened.environment
        assert given["ARM_USE_OIDC"] == "true"
        assert given["ARM_CLIENT_ID"] == UUID.format(0)
        token = Path(given["ARM_OIDC_TOKEN_FILE_PATH"]).read_text()
    claims = claims_of(token, "api://AzureADTokenExchange")
    assert claims["sub"] == f"account:{account_of(run).public_id}:phase:plan"
    assert claims["run"] == run.public_id


def test_azure_lists_pages_of_what_carries_the_tags(
    at_azure: Callable[[str], Run],
) -> None:
    with cloud(azure) as stub:
        run = at_azure(stub.address)
        asked = adapter("azure").inventory(run.deployment)
        found = {f.address: f.id for f in asked.listed(run.deployment)}
        assert not asked.verified
        assert found == {
            "azurerm_virtual_network.this": "/subscriptions/s/virtualNetworks/pb",
            'azurerm_subnet.private["a"]': "/subscriptions/s/subnets/a",
        }
        said = adapter("azure").attempt(account_of(run))
        assert said == "plan: Production; apply: Production; read: Production"
        secret = "https://pb.vault.azure.net/secrets/login"
        assert adapter("azure").read_secret(run.deployment, secret) == "log-in"


# --- Google -----------------------------------------------------------------------


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


# --- Oracle -----------------------------------------------------------------------


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
        assert adapter("oracle").read_secret(run.deployment, secret) == "log-in"


def test_a_client_that_oracle_does_not_know_is_quoted(
    at_oracle: Callable[..., Run],
) -> None:
    with cloud(oracle) as stub:
        run = at_oracle(stub.address, known="wrong")
        with pytest.raises(CloudFailed, match=r"answered 401: .*invalid_client"):
            adapter("oracle").attempt(account_of(run))


# --- IBM --------------------------------------------------------------------------


def ibm(asked: Asked) -> Answer:
    if asked.path == "/identity/token":
        if asked.form["grant_type"].endswith(":apikey"):
            assert asked.form["apikey"] == "sealed"
            return ok({"access_token": "service", "expires_in": 3600})
        assert asked.form["access_token"] == "service"
        return ok({"access_token": asked.form["profile_id"], "expires_in": 3600})
    row = {
        "crn": "crn:v1:bluemix:public:is:eu-de:a/1::vpc:r010-1",
        "tags": ["paybill:address:ibm_is_vpc.this"],
    }
    return ok({"items": [row]})


@pytest.fixture
def at_ibm(hold: Hold) -> Callable[[str], Run]:
    def make(address: str) -> Run:
        return hold(
            "ibm",
            "eu-de",
            endpoint=address,
            method="exchanged",
            identities={
                p: f"Profile-{UUID.format(n)}"
                for n, p in enumerate(("plan", "apply", "read"))
            },
            secret=json.dumps({"api_key": "sealed"}),
            details={"resource_group": "0" * 32},
        )

    return make


def test_ibm_gets_a_short_token_and_the_phase_a_bound(
    at_ibm: Callable[[str], Run], tmp_path: Path
) -> None:
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        with access(run, Phase.APPLY, tmp_path) as opened:
            token = f"Profile-{UUID.format(1)}"
            assert opened.environment["IC_IAM_TOKEN"] == f"Bearer {token}"
            assert "sealed" not in str(opened.environment)
            assert opened.secrets == (token,)
            assert opened.seconds == 3540


def test_a_token_of_ibm_that_is_nearly_over_begins_nothing(
    at_ibm: Callable[[str], Run], tmp_path: Path
) -> None:
    def short(asked: Asked) -> Answer:
        return ok({"access_token": "t", "expires_in": 60})

    with cloud(short) as stub:
        run = at_ibm(stub.address)
        with (
            pytest.raises(CloudFailed, match="ends before anything"),
            access(run, Phase.APPLY, tmp_path),
        ):
            pass


def test_ibm_lists_what_carries_the_tags(at_ibm: Callable[[str], Run]) -> None:
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        asked = adapter("ibm").inventory(run.deployment)
        [found] = asked.listed(run.deployment)
        assert (found.address, found.id) == ("ibm_is_vpc.this", "r010-1")
        assert not asked.verified
        assert "read: Profile-" in adapter("ibm").attempt(account_of(run))


# --- answers that are none ---------------------------------------------------------


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
