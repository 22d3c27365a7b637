"""IBM Cloud: tokens of an hour for trusted profiles, Global Search for what exists.

IBM takes no foreign token: a service id's API key, sealed in the account, asks for the
profile of each purpose. Terraform gets the token alone. It can not be renewed there,
so no phase may last longer than the token (``Access.seconds``); with the static method
the provider has the key and renews by itself.

Nothing here was tried against IBM itself: exchanges and queries are checked against
stubs of the documented shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.clouds import keys
from provisioning.clouds.adapters import Access, Found
from provisioning.clouds.addresses import of_tag
from provisioning.clouds.calls import Json, ask, exchange, text
from provisioning.errors import CloudFailed
from provisioning.identity.tokens import PURPOSES, Purpose
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Method, Phase

IAM = "https://iam.cloud.ibm.com"
SEARCH = "https://api.global-search-tagging.cloud.ibm.com"
APIKEY = "urn:ibm:params:oauth:grant-type:apikey"
ASSUME = "urn:ibm:params:oauth:grant-type:assume"
BY_CRN = frozenset({"ibm_database", "ibm_resource_instance", "ibm_resource_key"})
LEAST = 300  # seconds that a token has to be good for, else no phase is begun
EARLY = 60  # a phase is ended this long before its token


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Variables of the provider; the key itself only with the static method."""
    account = keys.account_of(run.deployment)
    shared = {"IC_REGION": run.deployment.region}
    purpose = PURPOSES.get(phase)
    if account.method == Method.EXCHANGED and purpose is not None:
        found = _assumed(account, purpose)
        token, seconds = text(found, "access_token"), _left(found)
        yield Access(
            {**shared, "IC_IAM_TOKEN": f"Bearer {token}"},
            secrets=(token,),
            seconds=seconds,
        )
        return
    if account.method == Method.STATIC:
        key = keys.static(account)["api_key"]
        yield Access({**shared, "IC_API_KEY": key}, secrets=(key,))
        return
    yield Access(shared)


def _left(found: Json) -> float:
    """Seconds that a phase may last. Raises CloudFailed when that is too short."""
    life = found.get("expires_in")
    if not isinstance(life, int) or life < LEAST:
        raise CloudFailed("IBM's token ends before anything could be built with it")
    return float(life - EARLY)


def _token_address(account: CloudAccount) -> str:
    return f"{account.endpoint or IAM}/identity/token"


def _by_key(account: CloudAccount) -> Json:
    fields = {"grant_type": APIKEY, "apikey": keys.static(account)["api_key"]}
    return exchange(_token_address(account), fields)


def _assumed(account: CloudAccount, purpose: Purpose) -> Json:
    fields = {
        "grant_type": ASSUME,
        "access_token": text(_by_key(account), "access_token"),
        "profile_id": keys.identity(account, purpose).removeprefix("iam-"),
    }
    return exchange(_token_address(account), fields)


def _token(account: CloudAccount, purpose: Purpose) -> str:
    exchanged = account.method == Method.EXCHANGED
    found = _assumed(account, purpose) if exchanged else _by_key(account)
    return text(found, "access_token")


class IbmInventory:
    """Global Search: resources by their tags, which are ``name:value`` texts there."""

    verified = False

    def __init__(self, deployment: Deployment) -> None:
        self.account = keys.account_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""
        token = _token(self.account, Purpose.READ)
        rows = self._rows(deployment, token)
        return sorted((_found(row) for row in rows), key=lambda found: found.name)

    def _rows(self, deployment: Deployment, token: str) -> Iterator[Json]:
        address = f"{self.account.endpoint or SEARCH}/v3/resources/search?limit=500"
        mark = f"paybill:deployment:{deployment.public_id}"
        asked: Json = {
            "query": f'tags:"{mark}"',
            "fields": ["crn", "name", "tags", "deleted_at"],
        }
        while True:
            page = ask(address, token=token, sent=asked)
            rows = page.get("items", [])
            yield from rows
            cursor = page.get("search_cursor")
            if not cursor or not rows:
                return
            asked = {**asked, "search_cursor": cursor}


def _found(row: Mapping[str, Any]) -> Found:
    """An import at IBM takes the CRN for services, the id for parts of a VPC; of what
    is neither nothing is known here.
    """
    crn = str(row["crn"])
    marks = [str(tag) for tag in row.get("tags", [])]
    start = "paybill:address:"
    address = next((m.removeprefix(start) for m in marks if m.startswith(start)), "")
    taken = crn if address.partition(".")[0] in BY_CRN else ""
    if address.startswith("ibm_is_"):
        taken = crn.rpartition(":")[2]
    ends = "reclaimable; IBM keeps it for seven days" if row.get("deleted_at") else ""
    return Found(of_tag(address), taken, crn, ends)


inventory = IbmInventory


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """What has no tags at IBM is imported by hand; nothing is guessed."""
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """A log-in from Secrets Manager, by the address that the stack put out."""
    account = keys.account_of(deployment)
    host, _, path = reference.removeprefix("https://").partition("/")
    if not host.endswith(".appdomain.cloud") and not account.endpoint:
        raise CloudFailed("this is not the address of a secret at IBM")
    base = account.endpoint or f"https://{host}"
    found = ask(f"{base}/{path}", token=_token(account, Purpose.READ))
    return text(found, "payload" if "payload" in found else "password")


def attempt(account: CloudAccount) -> str:
    """Ask for the token of each profile; IBM gives it only to whom it lets in."""
    names = []
    for purpose in keys.purposes(account):
        _token(account, purpose)
        names.append(f"{purpose}: {account.identities.get(purpose, 'the API key')}")
    return "; ".join(names)
