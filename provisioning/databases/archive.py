"""The archive of a backup: a header in the clear, then one sealed stream.

    PAYBILL-BACKUP 1 {"backup": "bak_...", "key": "<data key, sealed>", ...}\n
    <sealed: length of the manifest (8 bytes), manifest (JSON), pg_dump custom format>

The whole header is bound to the stream, so an archive can not pass for another one.
The data key is on the backup's row, where ``rotate_keys`` keeps it under the newest
key; the header has it under the key of the day, for the day on which the rows are lost.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

from paybill_site.kernel import crypto
from provisioning.databases.errors import BackupBroken
from provisioning.databases.sealing import (
    Opened,
    Pieces,
    Readable,
    Sealed,
    exactly,
)
from provisioning.models import Backup

MAGIC = b"PAYBILL-BACKUP 1 "
LABEL = "provisioning.backup.archive"
LONGEST_HEADER, LONGEST_MANIFEST, PIECE = 4096, 64 << 20, 1 << 18


class Chained(Pieces):
    """Reads one source after the other, always as much as is asked for.

    A store that takes parts refuses small ones in the middle.
    """

    def __init__(self, *sources: Readable) -> None:
        super().__init__()
        self._sources = list(sources)

    def following(self) -> bytes | None:
        while self._sources:
            if part := self._sources[0].read(PIECE):
                return part
            self._sources.pop(0)
        return None


class Summed:
    """Reads on, and knows the length and SHA-256 of what passed."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        part = self._source.read(size)
        self._digest.update(part)
        self.size += len(part)
        return part

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def written(
    backup: Backup, key: bytes, manifest: Mapping[str, Any], dump: Readable
) -> Readable:
    """The archive as it is stored."""
    facts = {
        "backup": backup.public_id,
        "key": base64.b64encode(crypto.seal(key, LABEL)).decode(),
        "taken_at": manifest["taken_at"],
    }
    header = MAGIC + json.dumps(facts).encode() + b"\n"
    listed = json.dumps(manifest).encode()
    front = io.BytesIO(len(listed).to_bytes(8) + listed)
    return Chained(io.BytesIO(header), Sealed(Chained(front, dump), key, header))


def opened(backup: Backup, source: Readable) -> tuple[dict[str, Any], Readable]:
    """Manifest and dump of an archive. Raises BackupBroken, also while it is read."""
    header = _header(source)
    facts = _facts(header)
    if facts.get("backup") != backup.public_id:
        raise BackupBroken("The archive is another backup's.")
    plain = Opened(source, _key(backup, facts), header)
    length = int.from_bytes(exactly(plain, 8))
    if length > LONGEST_MANIFEST:
        raise BackupBroken("The archive's manifest has no sensible length.")
    return json.loads(exactly(plain, length)), plain


def _header(source: Readable) -> bytes:
    """The first line, and not a byte more."""
    header = exactly(source, len(MAGIC))
    while header.startswith(MAGIC) and len(header) < LONGEST_HEADER:
        byte = source.read(1)
        header += byte
        if byte in {b"", b"\n"}:
            break
    if not (header.startswith(MAGIC) and header.endswith(b"\n")):
        raise BackupBroken("What is stored is no archive of Paybill's.")
    return header


def _facts(header: bytes) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(header.removeprefix(MAGIC))
    except ValueError as error:
        raise BackupBroken("The archive's header can not be read.") from error
    return facts


def _key(backup: Backup, facts: Mapping[str, Any]) -> bytes:
    if backup.data_key:
        return bytes(backup.data_key)
    try:
        return crypto.unseal(base64.b64decode(str(facts["key"])), LABEL)
    except (crypto.Unreadable, KeyError, ValueError) as error:
        raise BackupBroken("No key that is here opens the archive.") from error
