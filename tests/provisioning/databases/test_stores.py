"""Archives in a folder and in S3-compatible storage: whole, or not there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from provisioning.databases import buckets, storage
from provisioning.databases.errors import BackupBroken, StoreFailed
from provisioning.databases.states import BackupState
from tenants.models import Tenant
from tests.provisioning.databases.conftest import back_up, tables
from tests.provisioning.databases.test_sealing import Endless

KEY = "ten_x/bak_x.1.backup"


class Broken(Endless):
    """Gives up after its length."""

    def read(self, size: int = -1, /) -> bytes:
        part = super().read(size)
        if not part:
            raise OSError("the source is gone")
        return part


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of moto's; the store is told of it as in production."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    # What an earlier test stored is in this process too.
    urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
    client = boto3.client("s3")
    where = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="backups", CreateBucketConfiguration=where)
    settings.PAYBILL_BACKUPS = "s3://backups/paybill"
    buckets._client.cache_clear()
    yield client
    buckets._client.cache_clear()
    server.stop()


def listed(client: Any) -> list[str]:
    found = client.list_objects_v2(Bucket="backups").get("Contents", [])
    return [item["Key"] for item in found]


def test_a_bucket_takes_a_long_archive_in_parts_and_gives_it_back(bucket: Any) -> None:
    store = storage.store()
    store.put(KEY, Endless(20 << 20))
    assert listed(bucket) == [f"paybill/{KEY}"]
    with store.open(KEY) as source:
        size = 0
        while part := source.read(1 << 20):
            size += len(part)
    assert size == 20 << 20
    store.delete("ten_x/bak_x")
    store.delete("ten_x/bak_x")
    assert listed(bucket) == []
    with pytest.raises(BackupBroken, match="not in the store"), store.open(KEY):
        pass


def test_a_bucket_keeps_nothing_of_what_broke_off(bucket: Any) -> None:
    with pytest.raises(OSError, match="gone"):
        storage.store().put(KEY, Broken(20 << 20))
    assert listed(bucket) == []
    half = bucket.list_multipart_uploads(Bucket="backups")
    assert not half.get("Uploads")


def test_a_bucket_that_is_not_there_says_so(bucket: Any, settings: Any) -> None:
    settings.PAYBILL_BACKUPS = "s3://elsewhere"
    with pytest.raises(StoreFailed):
        storage.store().put(KEY, io.BytesIO(b"x"))


def test_a_folder_keeps_nothing_of_what_broke_off(store: Path) -> None:
    with pytest.raises(StoreFailed):
        storage.store().put(KEY, Broken(20 << 20))
    assert not [path for path in store.rglob("*") if path.is_file()]


def test_a_folders_archives_are_their_owners_alone(store: Path) -> None:
    storage.store().put(KEY, io.BytesIO(b"x"))
    assert (store / KEY).stat().st_mode & 0o777 == 0o600
    assert (store / KEY).parent.stat().st_mode & 0o777 == 0o700
    storage.store().delete("ten_x/bak_x")
    assert not (store / KEY).exists()


def test_a_tenant_is_backed_up_to_a_bucket(bucket: Any, pooled: Tenant) -> None:
    backup = back_up(pooled)
    assert backup.state == BackupState.READY
    assert listed(bucket) == [f"paybill/{backup.location}"]
    assert backup.manifest["tables"] == tables(pooled)
    stored = bucket.get_object(Bucket="backups", Key=f"paybill/{backup.location}")
    whole = stored["Body"].read()
    assert b"Grace" not in whole
    assert len(whole) == backup.size
