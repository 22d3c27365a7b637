"""Where archives are kept: a folder, or S3-compatible storage.

``PAYBILL_BACKUPS`` names it: a path, or ``s3://bucket/prefix`` (address, region and
log-in as every AWS client reads them: ``AWS_ENDPOINT_URL``, ``AWS_REGION``, ...).
An archive appears whole or not at all, and memory does not grow with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from provisioning.databases.errors import BackupBroken, StoreFailed
from provisioning.databases.sealing import Readable

PART = 8 << 20
S3_FAILURES = (BotoCoreError, Boto3Error, ClientError)


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


class Bucket:
    """Objects in a bucket, sent in parts."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""

    def put(self, key: str, source: Readable) -> None:
        # One part at a time: the threads of the library would hold ten.
        config = TransferConfig(
            multipart_threshold=PART, multipart_chunksize=PART, use_threads=False
        )
        try:
            _client().upload_fileobj(
                source, self.bucket, self.prefix + key, Config=config
            )
        except S3_FAILURES as error:
            raise StoreFailed(f"The archive was not stored: {error}") from error

    @contextmanager
    def open(self, key: str) -> Iterator[Readable]:
        try:
            found = _client().get_object(Bucket=self.bucket, Key=self.prefix + key)
        except _client().exceptions.NoSuchKey as error:
            raise BackupBroken("The archive is not in the store.") from error
        except S3_FAILURES as error:
            raise StoreFailed(f"The archive could not be read: {error}") from error
        with closing(found["Body"]) as body:
            yield body

    def holds(self, start: str) -> bool:
        try:
            found = _client().list_objects_v2(**self._beginning(start), MaxKeys=1)
        except S3_FAILURES as error:
            raise StoreFailed(f"The store does not answer: {error}") from error
        return bool(found.get("Contents"))

    def _beginning(self, start: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Prefix": f"{self.prefix}{start}."}

    def delete(self, start: str) -> None:
        mine = self._beginning(start)
        try:
            for found in _client().list_objects_v2(**mine).get("Contents", []):
                _client().delete_object(Bucket=self.bucket, Key=found["Key"])
            half = _client().list_multipart_uploads(**mine)
            for upload in half.get("Uploads", []):
                _client().abort_multipart_upload(
                    Bucket=self.bucket,
                    Key=upload["Key"],
                    UploadId=upload["UploadId"],
                )
        except S3_FAILURES as error:
            raise StoreFailed(f"The archive was not deleted: {error}") from error


@cache
def _client() -> Any:
    return boto3.client("s3")
