"""The record of a removal: what was taken away, by which steps, proved by what.

JSON, signed with the installation's key ``audit`` (Ed25519, RFC 8032) over its
canonical form: keys sorted, no blanks, ASCII. Whoever has the public key can check it
without Paybill.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from paybill_site.kernel.crypto import named, private_key, public_key
from paybill_site.kernel.errors import PaybillError
from provisioning.databases.states import BackupState
from provisioning.models import Removal

KIND, ALGORITHM = "paybill.removal", "Ed25519"
LONGEST = 4 << 20  # bytes that are read of somebody's file


class NotGenuine(PaybillError):
    """This record was not signed by this installation, or it was changed since."""


def of(removal: Removal) -> dict[str, Any]:
    """What the record says."""
    tenant = removal.tenant
    return {
        "kind": KIND,
        "version": 1,
        "installation": settings.PAYBILL_BASE_URL,
        "removal": removal.public_id,
        "tenant": {"id": tenant.public_id, "name": tenant.name},
        "account": tenant.account.public_id,
        "place": _place(removal),
        "steps": [
            {
                "name": step.name,
                "began": _when(step.began_at),
                "ended": _when(step.ended_at),
                "detail": step.detail,
            }
            for step in removal.steps.all()
        ],
        "backup": _backup(removal),
        "proof": removal.notes.get("proof", []),
        "remains": removal.notes.get("remains", []),
        "ended": _when(removal.done_at),
    }


def _place(removal: Removal) -> dict[str, Any]:
    deployment = removal.deployment
    if deployment is None:
        placement = removal.placement
        name = placement.schema_name if placement else ""
        return {"kind": "pooled", "schema": name}
    return {
        "kind": deployment.kind,
        "deployment": deployment.public_id,
        "cloud": deployment.cloud,
        "region": deployment.region,
        "simulated": deployment.simulated,
        "generation": deployment.generation,
        "stack": deployment.stack_digest,
    }


def _backup(removal: Removal) -> dict[str, Any]:
    kept = removal.backup
    if kept is None or kept.state != BackupState.READY:
        return {"none": removal.notes.get("no_backup", "there was nothing to keep")}
    return {
        "id": kept.public_id,
        "sha256": kept.sha256,
        "size": kept.size,
        "taken": _when(kept.taken_at),
        "kept_until": _when(kept.expires_at),
    }


def _when(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def signed(record: dict[str, Any]) -> str:
    """The record with its signature, as a file that can be handed out."""
    signature = private_key("audit").sign(_canonical(record))
    document = {
        "record": record,
        "signature": {
            "algorithm": ALGORITHM,
            "key": named(public_key("audit")),
            "value": base64.b64encode(signature).decode(),
        },
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def read(text: str | bytes, key: Ed25519PublicKey | None = None) -> dict[str, Any]:
    """The record in a file, checked against this installation's key or another one.

    Raises NotGenuine.
    """
    key = key or public_key("audit")
    try:
        document = json.loads(text)
        record, signature = document["record"], document["signature"]
        value = base64.b64decode(signature["value"], validate=True)
        key.verify(value, _canonical(record))
        genuine = signature["algorithm"] == ALGORITHM and record["kind"] == KIND
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotGenuine("this is not a record of a removal") from error
    except InvalidSignature as error:
        raise NotGenuine from error
    if not genuine:
        raise NotGenuine("this is not a record of a removal")
    checked: dict[str, Any] = record
    return checked


def _canonical(record: Any) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
