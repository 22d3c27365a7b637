"""What Oracle says exists: structured search by free-form tag, with signed requests."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from provisioning.clouds import keys
from provisioning.clouds.adapters import Found
from provisioning.clouds.addresses import of_tag
from provisioning.clouds.calls import Json, answered, text
from provisioning.clouds.oracle.entering import Signer, reader
from provisioning.errors import CloudFailed
from provisioning.models import Deployment

QUERY = (
    "query all resources where (freeformTags.key = 'paybill:deployment'"
    " && freeformTags.value = '{mark}')"
)
MASTER = "paybill_master"  # the stacks name it so
ENDED = ("TERMINAT", "DELET", "PENDING_DELET", "SCHEDULING_DELET")
# Imported by a name that a search does not tell; found by it in the console.
NAMED = frozenset({"oci_objectstorage_bucket", "oci_dns_rrset"})


class OracleInventory:
    """Structured search over all resources of the tenancy that Paybill may see."""

    verified = False

    def __init__(self, deployment: Deployment) -> None:
        self.account = keys.account_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""
        signer = reader(deployment)
        rows = self._rows(deployment, signer)
        return sorted((_found(row) for row in rows), key=lambda found: found.name)

    def _rows(self, deployment: Deployment, signer: Signer) -> Iterator[Json]:
        host = f"https://query.{deployment.region}.oci.oraclecloud.com"
        base = f"{self.account.endpoint or host}/20180409/resources?limit=1000"
        query = QUERY.format(mark=deployment.public_id)
        asked = {"type": "Structured", "query": query, "matchingContextType": "NONE"}
        body, more = json.dumps(asked).encode(), ""
        while True:
            url = f"{base}&page={more}" if more else base
            page, headers = answered(
                "POST", url, signer.headers("POST", url, body), body
            )
            yield from page.get("items", [])
            more = headers.get("opc-next-page", "")
            if not more:
                return


def _found(row: Mapping[str, Any]) -> Found:
    """An import at Oracle takes the OCID, for almost every type."""
    tags, name = row.get("freeformTags") or {}, str(row["identifier"])
    address = of_tag(str(tags.get("paybill:address", "")))
    taken = "" if address.partition(".")[0] in NAMED else name
    state = str(row.get("lifecycleState") or "").upper()
    ends = f"{state.lower().replace('_', ' ')}" if state.startswith(ENDED) else ""
    return Found(address, taken, name, ends)


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """What has no tags at Oracle is imported by hand; nothing is guessed."""
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """The first log-in, by the OCID of a vault's secret, which holds its password."""
    if not reference.startswith("ocid1.vaultsecret."):
        raise CloudFailed("a secret at Oracle is named by its OCID")
    account, signer = keys.account_of(deployment), reader(deployment)
    host = f"https://secrets.vaults.{deployment.region}.oci.oraclecloud.com"
    url = f"{account.endpoint or host}/20190301/secretbundles/{reference}"
    found, _ = answered("GET", url, signer.headers("GET", url))
    content = text(found.get("secretBundleContent", {}), "content")
    password = base64.b64decode(content).decode()
    return json.dumps({"username": MASTER, "password": password})
