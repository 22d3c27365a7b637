"""Azure: a federated credential for Terraform, Resource Graph for what exists.

Nothing here was tried against Azure itself: exchanges and queries are checked against
stubs of the documented shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from provisioning.clouds import keys
from provisioning.clouds.adapters import Access, Found
from provisioning.clouds.addresses import of_tag
from provisioning.clouds.calls import ask, exchange, text
from provisioning.clouds.facts import FACTS
from provisioning.errors import CloudFailed
from provisioning.identity.files import TokenFile
from provisioning.identity.tokens import PURPOSES, Bearer, Purpose, mint
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Cloud, Method, Phase

AUDIENCE = FACTS[Cloud.AZURE].audience
LOGIN, MANAGEMENT = "https://login.microsoftonline.com", "https://management.azure.com"
GRAPH = "providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
QUERY = (
    "resourcecontainers | union resources"
    " | where tags['paybill:deployment'] == '{mark}'"
    " or tags['paybill-deployment'] == '{mark}'"  # DNS takes no colon in a tag's name
    " | project id, type, tags"
)


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Variables of the provider; the token is in a file that it reads again."""
    account = keys.account_of(run.deployment)
    shared = {
        "ARM_TENANT_ID": str(account.details.get("directory", "")),
        "ARM_SUBSCRIPTION_ID": str(account.details.get("subscription", "")),
        "ARM_USE_CLI": "false",
    }
    purpose = PURPOSES.get(phase)
    if account.method == Method.FEDERATED and purpose is not None:
        bearer = Bearer(account, purpose, run.deployment, run)
        with TokenFile(folder / "azure.jwt", bearer, AUDIENCE) as file:
            yield Access(
                {
                    **shared,
                    "ARM_USE_OIDC": "true",
                    "ARM_CLIENT_ID": keys.identity(account, purpose),
                    "ARM_OIDC_TOKEN_FILE_PATH": str(file.path),
                }
            )
        return
    static = keys.static(account)
    named = {f"ARM_{name.upper()}": value for name, value in static.items()}
    yield Access({**shared, **named}, secrets=tuple(static.values()))


def _token(account: CloudAccount, bearer: Bearer, scope: str) -> str:
    tenant = account.details.get("directory", "")
    fields = {"grant_type": "client_credentials", "scope": f"{scope}/.default"}
    if account.method == Method.STATIC:
        fields |= keys.static(account)
    else:
        fields |= {
            "client_id": keys.identity(account, bearer.purpose),
            "client_assertion_type": ASSERTION,
            "client_assertion": mint(bearer, AUDIENCE),
        }
    address = f"{account.endpoint or LOGIN}/{tenant}/oauth2/v2.0/token"
    return text(exchange(address, fields), "access_token")


def _reading(deployment: Deployment, scope: str) -> str:
    account = keys.account_of(deployment)
    return _token(account, Bearer(account, Purpose.READ, deployment), scope)


class AzureInventory:
    """Resource Graph: resources and resource groups by tag."""

    verified = False

    def __init__(self, deployment: Deployment) -> None:
        self.account = keys.account_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""
        token = _reading(deployment, MANAGEMENT)
        return sorted(
            (_found(row) for row in self._rows(deployment, token)),
            key=lambda found: found.name,
        )

    def _rows(self, deployment: Deployment, token: str) -> Iterator[dict[str, Any]]:
        query = QUERY.format(mark=deployment.public_id)
        asked: dict[str, Any] = {
            "subscriptions": [self.account.details.get("subscription", "")],
            "query": query,
        }
        while True:
            address = f"{self.account.endpoint or MANAGEMENT}/{GRAPH}"
            page = ask(address, token=token, sent=asked)
            yield from page.get("data", [])
            more = page.get("$skipToken")
            if not more:
                return
            asked["options"] = {"$skipToken": more}


def _found(row: Mapping[str, Any]) -> Found:
    """An import at Azure takes the resource's own id, for every type."""
    tags = row.get("tags") or {}
    name = str(row["id"])
    address = tags.get("paybill:address") or tags.get("paybill-address") or ""
    return Found(of_tag(str(address)), name, name)


inventory = AzureInventory


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """Untaggable parts at Azure are replaced by a put; none has to be imported."""
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """A secret in a Key Vault, by the address that the stack put out."""
    parts = urlsplit(reference)
    account = keys.account_of(deployment)
    ours = (parts.hostname or "").endswith(".vault.azure.net") or account.endpoint
    if not ours:
        raise CloudFailed("this is not the address of a secret in a key vault")
    token = _reading(deployment, "https://vault.azure.net")
    base = account.endpoint or f"https://{parts.hostname}"
    found = ask(f"{base}{parts.path}?api-version=7.4", token=token)
    return text(found, "value")


def attempt(account: CloudAccount) -> str:
    """Exchange each identity, and look at the subscription with it."""
    subscription = account.details.get("subscription", "")
    base = account.endpoint or MANAGEMENT
    address = f"{base}/subscriptions/{subscription}?api-version=2022-12-01"
    names = []
    for purpose in keys.purposes(account):
        token = _token(account, Bearer(account, purpose), MANAGEMENT)
        found = ask(address, token=token)
        names.append(f"{purpose}: {found.get('displayName', subscription)}")
    return "; ".join(names)
