"""What IBM says exists: Global Search by tag; and the log-ins that it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioning.clouds import keys
from provisioning.clouds.adapters import Found
from provisioning.clouds.addresses import of_tag
from provisioning.clouds.calls import Json, ask, text
from provisioning.clouds.ibm.entering import token_of
from provisioning.errors import CloudFailed
from provisioning.identity.tokens import Purpose
from provisioning.models import Deployment

SEARCH = "https://api.global-search-tagging.cloud.ibm.com"
BY_CRN = frozenset({"ibm_database", "ibm_resource_instance", "ibm_resource_key"})


class IbmInventory:
    """Global Search: resources by their tags, which are ``name:value`` texts there."""

    verified = False

    def __init__(self, deployment: Deployment) -> None:
        self.account = keys.account_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""
        token = token_of(self.account, Purpose.READ)
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
    found = ask(f"{base}/{path}", token=token_of(account, Purpose.READ))
    return text(found, "payload" if "payload" in found else "password")
