"""Into Azure: a stub checks our token and answers as documented."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.models import Run
from provisioning.states import Phase
from tests.provisioning.clouds.conftest import (
    Hold,
    account_of,
)
from tests.provisioning.clouds.stub import Answer, Asked, claims_of, cloud, ok, refused

UUID = "00000000-0000-0000-0000-00000000000{}"


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
