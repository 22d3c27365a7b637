"""Where archives are kept: a folder, or S3-compatible storage.

``PAYBILL_BACKUPS`` names it: a path, or ``s3://bucket/prefix`` (address, region and
log-in as every AWS client reads them: ``AWS_ENDPOINT_URL``, ``AWS_REGION``, ...).
An archive appears whole or not at all, and memory does not grow with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from provisioning.databases.errors import BackupBroken, StoreFailed
from provisioning.databases.sealing import Readable

PART = 8 << 20


class Store(Protocol):
    """A place for archives; keys are ``<tenant>/<backup>.<attempt>.backup``."""

    def put(self, key: str, source: Readable) -> None:
        """Store all of ``source``. Raises StoreFailed; then nothing is there."""

    def open(self, key: str) -> Any:
        """Context manager: a readable. Raises BackupBroken when it is not there."""

    def holds(self, start: str) -> bool:
        """Whether there is anything that begins so. Raises StoreFailed."""

    def delete(self, start: str) -> None:
        """Delete what begins so, also what was half stored; repeatable."""


def store() -> Store:
    """The store that the settings name."""
    named = str(settings.PAYBILL_BACKUPS)
    if named.startswith("s3://"):
        # Its client takes a second to load, and most processes need none.
        from provisioning.databases.buckets import Bucket  # noqa: PLC0415

        parts = urlsplit(named)
        return Bucket(parts.netloc, parts.path.strip("/"))
    return Folder(Path(named))


class Folder:
    """Files of mode 0600, complete under their name from the first moment."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, source: Readable) -> None:
        path = self.root / key
        half = path.with_suffix(".half")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                while part := source.read(PART):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        except OSError as error:
            raise StoreFailed(
                f"The archive was not stored: {error.strerror}"
            ) from error
        finally:
            half.unlink(missing_ok=True)

    @contextmanager
    def open(self, key: str) -> Iterator[Readable]:
        try:
            file = (self.root / key).open("rb")
        except FileNotFoundError as error:
            raise BackupBroken("The archive is not in the store.") from error
        with file:
            yield file

    def holds(self, start: str) -> bool:
        return any(self._beginning(start))

    def delete(self, start: str) -> None:
        for file in self._beginning(start):
            file.unlink(missing_ok=True)

    def _beginning(self, start: str) -> Iterator[Path]:
        path = self.root / start
        return path.parent.glob(f"{path.name}.*")
