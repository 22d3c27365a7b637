"""A simulated AWS on loopback, and accounts that are entered there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from provisioning.models import CloudAccount, Deployment
from tests.provisioning.conftest import Entitle

REGION = "eu-central-1"

type Client = Callable[..., Any]


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
