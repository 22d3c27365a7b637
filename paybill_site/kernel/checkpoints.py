"""Checkpoints: signed statements of how far an audit chain had come.

A chain shows every edit but not that its end was cut off together with its head, and
not that somebody put back an older state. A checkpoint says "this chain had this many
entries, and the last one had this digest", signed with the key ``audit`` (Ed25519,
RFC 8032). Copies outside of the database (``audit_checkpoints``, the log) make both
visible. The idea is that of the signed tree head in RFC 6962, section 3.5, for a chain.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paybill_site.kernel import planes
from paybill_site.kernel.crypto import is_signed_by, named, private_key, public_key
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.models import ChainHead, Checkpoint

log = logging.getLogger(__name__)
KIND = "paybill.checkpoint"
# How many entries a chain grows by before the writer itself adds a checkpoint.
EVERY = 256


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says. ``plane`` is the tenant's public id, or "control"."""

    plane: str
    chain: str
    seq: int
    digest: str
    at: str

    def text(self) -> bytes:
        """The exact bytes that are signed."""
        said = {
            "kind": KIND,
            "v": 1,
            "plane": self.plane,
            "chain": self.chain,
            "seq": self.seq,
            "digest": self.digest,
            "at": self.at,
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def plane_name() -> str:
    """How checkpoints name the plane that is entered."""
    return planes.here().tenant or "control"


def add(chain: str, seq: int, digest: bytes) -> Checkpoint:
    """Sign what a chain has come to, in the transaction that is open."""
    said = Statement(plane_name(), chain, seq, digest.hex(), _now())
    made = Checkpoint(
        chain=chain,
        seq=seq,
        digest=digest,
        said_at=said.at,
        key=named(public_key("audit")),
        signature=private_key("audit").sign(said.text()),
    )
    # A writer and the hourly round may add the same one; the first is as good.
    Checkpoint.objects.bulk_create([made], ignore_conflicts=True)
    line = exported(made)
    # Whoever collects the log keeps a copy that no one with the database can change.
    planes.on_commit(lambda: log.info("checkpoint", extra={"checkpoint": line}))
    return made


def add_due() -> int:
    """Add a checkpoint to every chain of the plane that grew since its last one."""
    made = 0
    for head in ChainHead.objects.all():
        with planes.atomic():
            last = Checkpoint.objects.filter(chain=head.name).order_by("-seq").first()
            if last is None or last.seq < head.seq:
                add(head.name, head.seq, bytes(head.digest))
                made += 1
    return made


def exported(row: Checkpoint) -> dict[str, Any]:
    """A checkpoint as JSON, to be kept elsewhere."""
    return {
        "kind": KIND,
        "plane": plane_name(),
        "chain": row.chain,
        "seq": row.seq,
        "digest": bytes(row.digest).hex(),
        "at": row.said_at,
        "key": row.key,
        "signature": base64.b64encode(bytes(row.signature)).decode(),
    }


def kept() -> Iterator[dict[str, Any]]:
    """The checkpoints of the plane that is entered, oldest first."""
    for row in Checkpoint.objects.order_by("pk").iterator(chunk_size=1000):
        yield exported(row)


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Checkpoints from a file, one JSON object in a line. Raises Invalid."""
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            signature_of(said)
            statement_of(said)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Invalid(f"line {number} is no checkpoint") from error
        found.append(said)
    return found


def statement_of(said: dict[str, Any]) -> Statement:
    """What an exported checkpoint says. Raises KeyError, TypeError, ValueError."""
    if said["kind"] != KIND:
        raise ValueError(said["kind"])
    plane, chain, digest, at = (
        str(said[name]) for name in ("plane", "chain", "digest", "at")
    )
    bytes.fromhex(digest)
    return Statement(plane, chain, int(said["seq"]), digest, at)


def signature_of(said: dict[str, Any]) -> bytes:
    """The signature of an exported checkpoint. Raises KeyError and ValueError."""
    return base64.b64decode(said["signature"], validate=True)


def is_genuine(said: dict[str, Any], key: Ed25519PublicKey | None = None) -> bool:
    """Whether the key ``audit`` of this installation, or another one, signed it."""
    signer = key or public_key("audit")
    return is_signed_by(signer, statement_of(said).text(), signature_of(said))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
