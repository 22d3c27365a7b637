"""A simulated AWS on loopback, and accounts that are entered there."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import RunState
from tests.provisioning.conftest import Entitle, queue

REGION = "eu-central-1"

type Client = Callable[..., Any]
type Hold = Callable[..., Run]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """The simulator, shared by the tests of one process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def simulated(moto_address: str, control: object) -> CloudAccount:
    """An AWS account that is a simulation; nobody is asked who they are."""
    return CloudAccount.objects.create(
        name="Simulated AWS",
        cloud="aws",
        simulation=True,
        endpoint=moto_address,
        method="none",
        regions=[REGION, "eu-west-1"],
        address_pool="10.64.0.0/16",
    )


@pytest.fixture
def on_aws(entitle: Entitle, simulated: CloudAccount) -> Deployment:
    """A deployment in the simulated account."""
    deployment = entitle()
    deployment.cloud, deployment.region = "aws", REGION
    deployment.account = simulated
    deployment.save()
    return deployment


@pytest.fixture
def aws(moto_address: str) -> Client:
    """``aws("ec2")``: an ordinary client of the simulator, as anybody's would be."""

    def client(service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region,
            endpoint_url=moto_address,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    return client


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


@pytest.fixture
def on_web_identity(hold: Hold, moto_address: str) -> Run:
    """A run at a simulated AWS that has to be shown who comes."""
    role = "arn:aws:iam::123456789012:role/paybill-{}"
    return hold(
        "aws",
        REGION,
        endpoint=moto_address,
        method="federated",
        identities={p: role.format(p) for p in ("plan", "apply", "read")},
    )


def account_of(run: Run) -> CloudAccount:
    assert run.deployment.account is not None
    return run.deployment.account


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


def subject(run: Run, purpose: str) -> str:
    named = f"deployment:{run.deployment.public_id}:run:{run.public_id}"
    return f"{named}:phase:{purpose}"
