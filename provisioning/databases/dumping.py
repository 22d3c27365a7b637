"""Taking a backup: sums and dump of one snapshot, sealed, stored, read back.

1. A transaction exports its snapshot and sums every table in it.
2. ``pg_dump`` works in the same snapshot, so the manifest describes the dump exactly.
3. What it says is sealed and stored while it comes; nothing plain touches a disk.
4. The archive is read back, opened to its end, and compared with what was written.
"""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from paybill_site.kernel import roles
from provisioning.databases import archive, programs, storage, sums
from provisioning.databases.archive import Summed
from provisioning.databases.errors import BackupBroken, DumpFailed
from provisioning.databases.places import Ground
from provisioning.databases.sealing import KEY
from provisioning.models import Backup

READ = 1 << 18

type Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was stored."""

    location: str
    size: int
    sha256: str
    key: bytes
    manifest: dict[str, Any]


class Dump:
    """Reads what pg_dump writes; at its end, whether it was content."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Any) -> None:
        self._process, self._errors = process, errors

    def read(self, size: int = -1, /) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        part = self._process.stdout.read(size)
        if not part and self._process.wait():
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()
            raise DumpFailed(f"pg_dump: {said[:500]}")
        return part


def take(backup: Backup, ground: Ground, attempt: int, tell: Tell) -> Taken:
    """Make the archive of a backup. Raises DumpFailed, StoreFailed, NoProgram.

    Each attempt has a name of its own: a worker that was given up may still write.
    """
    key, location = secrets.token_bytes(KEY), f"{start_of(backup)}.{attempt}.backup"
    tell("Summing tables")
    with _dumping(ground) as (manifest, dump):
        tell("Storing")
        stored = Summed(archive.written(backup, key, manifest, dump))
        storage.store().put(location, stored)
    return Taken(location, stored.size, stored.sha256, key, manifest)


def start_of(backup: Backup) -> str:
    """How the names of all that is stored of a backup begin."""
    return f"{backup.tenant.public_id}/{backup.public_id}"


def verify(backup: Backup) -> dict[str, Any]:
    """Read an archive to its end; return its manifest. Raises BackupBroken."""
    with storage.store().open(backup.location) as source:
        stored = Summed(source)
        manifest, plain = archive.opened(backup, stored)
        while plain.read(READ):
            pass
    if (stored.size, stored.sha256) != (backup.size, backup.sha256):
        raise BackupBroken("What is stored is not what was written.")
    if manifest != backup.manifest:
        raise BackupBroken("The archive's manifest is not the one on record.")
    return manifest


@contextmanager
def _dumping(ground: Ground) -> Iterator[tuple[dict[str, Any], Dump]]:
    with psycopg.connect(ground.dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        manifest = _manifest(connection, ground.schema)
        major = connection.info.server_version // 10000
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [
                    programs.find("pg_dump", major),
                    "--format=custom",
                    f"--schema={ground.schema}",
                    f"--role={roles.role_of(ground.schema, 'owner')}",
                    f"--snapshot={snapshot}",
                    "--no-owner",
                    "--no-privileges",
                    "--no-comments",
                    "--lock-wait-timeout=60000",
                ],
                env=programs.environment(ground.dsn),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            with process:
                try:
                    yield manifest, Dump(process, errors)
                finally:
                    process.kill()


def _manifest(connection: roles.Connection, schema: str) -> dict[str, Any]:
    owner = sql.Identifier(roles.role_of(schema, "owner"))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
    version = "SELECT obj_description(%s::regnamespace, 'pg_namespace')"
    return {
        "schema": schema,
        "version": _one(connection, version, schema) or "",
        "server": connection.info.server_version,
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "tables": sums.tables(connection, schema),
        "sequences": sums.sequences(connection, schema),
    }


def _one(connection: roles.Connection, query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None
