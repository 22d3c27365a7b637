"""Archives in S3-compatible storage. See ``storage.Store``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.databases.errors import BackupBroken, StoreFailed
from provisioning.databases.sealing import Readable

PART = 8 << 20
S3_FAILURES = (BotoCoreError, Boto3Error, ClientError)


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
