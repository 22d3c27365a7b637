"""What Oracle says exists: structured search by free-form tag, with signed requests.

Signed as draft-cavage-http-signatures says, in the form of Oracle's documentation
"Request Signatures" (version 1, rsa-sha256).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

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
ENDED = ("TERMINAT", "DELET", "PENDING_DELET", "SCHEDULING_DELET")
# Imported by a name that a search does not tell; found by it in the console.
NAMED = frozenset({"oci_objectstorage_bucket", "oci_dns_rrset"})


def signed(signer: Signer, method: str, url: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a request that Oracle accepts from the signer."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {
        "date": format_datetime(datetime.now(UTC), usegmt=True),
        "host": parts.netloc,
    }
    if method == "POST":
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers |= {
            "content-length": str(len(body)),
            "content-type": "application/json",
            "x-content-sha256": digest,
        }
    lines = {"(request-target)": f"{method.lower()} {path}", **headers}
    plain = "\n".join(f"{name}: {value}" for name, value in lines.items())
    made = signer.key.sign(plain.encode(), PKCS1v15(), SHA256())
    signature = base64.b64encode(made).decode()
    headers["authorization"] = (
        f'Signature version="1",keyId="{signer.name}",algorithm="rsa-sha256",'
        f'headers="{" ".join(lines)}",signature="{signature}"'
    )
    return headers


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
                "POST", url, signed(signer, "POST", url, body), body
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
    """The newest version of a vault's secret, by its OCID."""
    if not reference.startswith("ocid1.vaultsecret."):
        raise CloudFailed("a secret at Oracle is named by its OCID")
    account, signer = keys.account_of(deployment), reader(deployment)
    host = f"https://secrets.vaults.{deployment.region}.oci.oraclecloud.com"
    url = f"{account.endpoint or host}/20190301/secretbundles/{reference}"
    found, _ = answered("GET", url, signed(signer, "GET", url))
    content = text(found.get("secretBundleContent", {}), "content")
    return base64.b64decode(content).decode()
