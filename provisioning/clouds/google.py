"""Google Cloud: workload identity for Terraform, asset search for what exists.

Nothing here was tried against Google itself: exchanges and queries are checked against
stubs of the documented shapes.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt

from provisioning.clouds import keys
from provisioning.clouds.adapters import Access, Found
from provisioning.clouds.addresses import of_label
from provisioning.clouds.calls import ask, exchange, text
from provisioning.clouds.facts import audience_of
from provisioning.errors import CloudFailed
from provisioning.identity.files import TokenFile, write_private
from provisioning.identity.tokens import PURPOSES, Bearer, Purpose, mint
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Cloud, Method, Phase

STS, IAM = "https://sts.googleapis.com", "https://iamcredentials.googleapis.com"
ASSETS, SECRETS = (
    "https://cloudasset.googleapis.com",
    "https://secretmanager.googleapis.com",
)
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
# What an import takes is the name after the service, but for these types.
IMPORTS: dict[str, Callable[[str], str]] = {
    "google_storage_bucket": lambda name: name.rpartition("/")[2],
    "google_dns_managed_zone": lambda name: name,
}


def audience(account: CloudAccount) -> str:
    return audience_of(Cloud.GOOGLE, account.details)


def _impersonation(account: CloudAccount, who: str) -> str:
    base = account.endpoint or IAM
    return f"{base}/v1/projects/-/serviceAccounts/{who}:generateAccessToken"


def external_account(account: CloudAccount, who: str, token: Path) -> str:
    """The file that Google's libraries read: where the token is, and no secret."""
    return json.dumps(
        {
            "type": "external_account",
            "audience": audience(account).removeprefix("https:"),
            "subject_token_type": JWT_TYPE,
            "token_url": f"{account.endpoint or STS}/v1/token",
            "service_account_impersonation_url": _impersonation(account, who),
            "credential_source": {"file": str(token), "format": {"type": "text"}},
        }
    )


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Variables of the provider, and the files that they name."""
    account = keys.account_of(run.deployment)
    credentials = folder / "google.json"
    variables = {
        "GOOGLE_PROJECT": str(account.details.get("project", "")),
        "GOOGLE_REGION": run.deployment.region,
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
    }
    purpose = PURPOSES.get(phase)
    if account.method == Method.FEDERATED and purpose is not None:
        bearer = Bearer(account, purpose, run.deployment, run)
        with TokenFile(folder / "google.jwt", bearer, audience(account)) as file:
            who = keys.identity(account, purpose)
            write_private(credentials, external_account(account, who, file.path))
            yield Access(variables)
        return
    if account.method != Method.STATIC:
        variables.pop("GOOGLE_APPLICATION_CREDENTIALS")
        yield Access(variables)
        return
    write_private(credentials, account.secret)
    try:
        yield Access(variables, secrets=(keys.static(account)["private_key"],))
    finally:
        credentials.unlink(missing_ok=True)


def _token(account: CloudAccount, bearer: Bearer) -> str:
    if account.method == Method.STATIC:
        return _by_key(keys.static(account))
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": audience(account).removeprefix("https:"),
        "scope": SCOPE,
        "subject_token_type": JWT_TYPE,
        "subject_token": mint(bearer, audience(account)),
    }
    federated = text(
        exchange(f"{account.endpoint or STS}/v1/token", fields), "access_token"
    )
    who = keys.identity(account, bearer.purpose)
    asked = {"scope": [SCOPE], "lifetime": "900s"}
    found = ask(_impersonation(account, who), token=federated, sent=asked)
    return text(found, "accessToken")


def _by_key(key: Mapping[str, str]) -> str:
    """RFC 7523: the service account's own key signs for a token."""
    now = int(time.time())
    claims = {
        "iss": key["client_email"],
        "scope": SCOPE,
        "aud": key["token_uri"],
        "iat": now,
        "exp": now + 900,
    }
    assertion = jwt.encode(claims, key["private_key"], algorithm="RS256")
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion,
    }
    return text(exchange(key["token_uri"], fields), "access_token")


def _reading(deployment: Deployment) -> str:
    account = keys.account_of(deployment)
    return _token(account, Bearer(account, Purpose.READ, deployment))


class GoogleInventory:
    """Cloud Asset Inventory: resources of the project by label."""

    verified = False

    def __init__(self, deployment: Deployment) -> None:
        self.account = keys.account_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's labels. Raises CloudFailed."""
        token = _reading(deployment)
        rows = self._rows(deployment, token)
        return sorted((_found(row) for row in rows), key=lambda found: found.name)

    def _rows(self, deployment: Deployment, token: str) -> Iterator[dict[str, Any]]:
        base = self.account.endpoint or ASSETS
        project = self.account.details.get("project", "")
        asked = {
            "query": f"labels.paybill-deployment={deployment.public_id}",
            "pageSize": "500",
        }
        while True:
            address = f"{base}/v1/projects/{project}:searchAllResources"
            page = ask(f"{address}?{urlencode(asked)}", token=token)
            yield from page.get("results", [])
            more = page.get("nextPageToken")
            if not more:
                return
            asked["pageToken"] = more


def _found(row: Mapping[str, Any]) -> Found:
    address = of_label(str(row.get("labels", {}).get("paybill-address", "")))
    name = str(row["name"])  # //service.googleapis.com/projects/...
    short = name.removeprefix("//").partition("/")[2]
    make = IMPORTS.get(address.partition(".")[0])
    state = str(row.get("state", ""))
    ends = state.lower() if state.startswith(("DELET", "PENDING_DELET")) else ""
    return Found(address, make(short) if make else short, name, ends)


inventory = GoogleInventory


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """What has no labels at Google is imported by hand; nothing is guessed."""
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """The newest version of a secret, by its resource name."""
    if not reference.startswith("projects/"):
        raise CloudFailed("a secret is named projects/.../secrets/...")
    base = keys.account_of(deployment).endpoint or SECRETS
    address = f"{base}/v1/{reference}/versions/latest:access"
    found = ask(address, token=_reading(deployment))
    return base64.b64decode(text(found.get("payload", {}), "data")).decode()


def attempt(account: CloudAccount) -> str:
    """Exchange each identity; Google gives a token only to whom it lets in."""
    names = []
    for purpose in keys.purposes(account):
        _token(account, Bearer(account, purpose))
        names.append(f"{purpose}: {account.identities.get(purpose, 'the static key')}")
    return "; ".join(names)
