"""Restoring a backup beside what is there, and putting it in its place.

1. The archive is read to its end first: a broken one is refused before anything.
2. One transaction makes roles, schema, tables and rows under a new name, renews the
   rights, and compares every table's rows and sum with the manifest. Cut off or
   different, it leaves nothing.
3. One made by an older version of the code is migrated, still beside.
4. ``exchange`` gives two planes each other's name, in one transaction of milliseconds:
   whoever knows the tenant's schema by name finds the restored one there.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from paybill_site.kernel import grants, migrating, roles, schema
from paybill_site.kernel.planes import Place
from paybill_site.kernel.postgres.aliases import add_alias, forget_alias
from provisioning.databases import (
    archive,
    dumping,
    programs,
    script,
    settling,
    storage,
    sums,
)
from provisioning.databases.dumping import READ, Tell
from provisioning.databases.errors import BackupBroken, Different, DumpFailed
from provisioning.databases.places import Ground
from provisioning.databases.sealing import Readable
from provisioning.models import Backup

# Not the tenants' prefix: the warm pool offers complete schemas that begin with it.
BESIDE = "r_"


def new_name() -> str:
    """An opaque name for a plane beside a tenant's own."""
    return BESIDE + schema.new_name().removeprefix(schema.TENANT)


def restore(backup: Backup, ground: Ground, name: str, tell: Tell) -> sums.Tables:
    """Make the plane ``name`` from a backup; return what its tables hold.

    Raises BackupBroken before anything is touched, Different after a rollback.
    """
    tell("Reading the archive to its end")
    manifest = dumping.verify(backup)
    tell("Restoring")
    with psycopg.connect(ground.dsn) as connection:
        _make(connection, name)
        _load(connection, backup, manifest["schema"], name)
        tell("Comparing")
        found = sums.tables(connection, name)
        _compare(manifest, found, sums.sequences(connection, name))
        connection.execute(
            sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(name))
        )
        settling.forget_sessions(connection)
        schema.set_version(connection, name, manifest["version"])
        if manifest["version"] == schema.version():
            grants.renew(connection.cursor(), name)
    if manifest["version"] != schema.version():
        tell("Migrating")
        _catch_up(ground, name)
    return found


def _catch_up(ground: Ground, name: str) -> None:
    """Bring a plane of an older version to this one, with the rights of this one."""
    alias = f"catch_up_{name}"
    add_alias(alias, ground.dsn)
    try:
        migrating.migrate_tenant(Place(alias, name))
    finally:
        forget_alias(alias)


def _make(connection: roles.Connection, name: str) -> None:
    # No log-in of the running code may step into a plane that lies beside.
    roles.create_trio(connection, name, roles.PROVISIONER)
    owner = sql.Identifier(roles.role_of(name, "owner"))
    create = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}")
    connection.execute(create.format(sql.Identifier(name), owner))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))


def _load(connection: roles.Connection, backup: Backup, old: str, name: str) -> None:
    major = int(backup.manifest["server"]) // 10000
    with (
        storage.store().open(backup.location) as source,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [
                programs.find("pg_restore", major),
                "--no-owner",
                "--no-privileges",
                "--file=-",
            ],
            env=programs.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        _, plain = archive.opened(backup, source)
        feeder = _Feeder(process, plain)
        feeder.start()
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            script.run(connection, process.stdout, old, name)
        finally:
            process.kill() if feeder.is_alive() else process.wait()
            feeder.join()
        if feeder.failure:
            raise feeder.failure
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise DumpFailed(f"pg_restore: {said[:500]}")


class _Feeder(threading.Thread):
    """Gives pg_restore the archive while its script is being read."""

    def __init__(self, process: subprocess.Popen[bytes], plain: Readable) -> None:
        super().__init__(name="archive", daemon=True)
        self._process, self._plain = process, plain
        self.failure: BackupBroken | None = None

    def run(self) -> None:
        into: Any = self._process.stdin
        try:
            while part := self._plain.read(READ):
                into.write(part)
        except BackupBroken as broken:  # it was whole a moment ago
            self.failure = broken
        except BrokenPipeError:
            pass  # pg_restore ended; its own words say why
        finally:
            with suppress(BrokenPipeError):
                into.close()


def _compare(
    manifest: dict[str, Any], found: sums.Tables, sequences: dict[str, int]
) -> None:
    wrong = sums.differences(manifest["tables"], found)
    wrong += [
        f"the sequence {name} is behind"
        for name, value in manifest["sequences"].items()
        if sequences.get(name, -1) < value
    ]
    if wrong:
        raise Different(f"Restored and found different: {'; '.join(wrong[:10])}.")


def exchange(ground: Ground, beside: str) -> None:
    """Let the plane of ``ground`` and the one beside have each other's name.

    Roles too, and the log-in's way in: all or nothing. Where the tenant's plane is
    lost altogether, the one beside just takes its name.
    """
    mine, between = ground.schema, f"x_{beside[2:]}"
    with psycopg.connect(ground.dsn) as connection:
        stands = _number(connection, mine) is not None
        if stands:
            _rename(connection, mine, between)
        else:
            roles.drop_trio(connection, mine)
        _rename(connection, beside, mine)
        if stands:
            _rename(connection, between, beside)
        for kind in ("app", "agent"):
            step = "GRANT {} TO {} WITH INHERIT FALSE, SET TRUE"
            _grant(connection, step, roles.role_of(mine, kind), ground.app)
            if stands:
                out = "REVOKE {} FROM {}"
                _grant(connection, out, roles.role_of(beside, kind), ground.app)


def _grant(
    connection: roles.Connection, statement: LiteralString, role: str, who: str
) -> None:
    names = map(sql.Identifier, (role, who))
    connection.execute(sql.SQL(statement).format(*names))


def _rename(connection: roles.Connection, old: str, new: str) -> None:
    """Rename a plane. Its rights follow: the database knows roles by number."""
    owner = sql.Identifier(roles.role_of(old, "owner"))
    me = sql.Identifier(roles.PROVISIONER)
    # To rename a schema one has to own it and may create in the database: only the
    # provisioner, for a moment in this transaction, is both.
    inherit = sql.SQL("GRANT {} TO {} WITH INHERIT {}")
    connection.execute(inherit.format(owner, me, sql.SQL("TRUE")))
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
    connection.execute(inherit.format(owner, me, sql.SQL("FALSE")))
    for kind in roles.KINDS:
        rename = sql.SQL("ALTER ROLE {} RENAME TO {}")
        before, after = roles.role_of(old, kind), roles.role_of(new, kind)
        connection.execute(rename.format(sql.Identifier(before), sql.Identifier(after)))
    _name_anew(connection, new)


def _name_anew(connection: roles.Connection, name: str) -> None:
    """Make what names its schema anew: the functions behind triggers and policies."""
    if schema.schemas(connection).get(name) != schema.version():
        return  # an older plane that is put aside, where nobody writes
    owner = sql.Identifier(roles.role_of(name, "owner"))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
    place = sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(name))
    connection.execute(place)
    grants.renew(connection.cursor(), name)
    connection.execute("RESET ROLE")
    connection.execute("SET LOCAL search_path = ''")


def number_of(dsn: str, name: str) -> int | None:
    """The database's own number of a schema, which no renaming changes."""
    with psycopg.connect(dsn) as connection:
        return _number(connection, name)


def _number(connection: roles.Connection, name: str) -> int | None:
    query = "SELECT oid FROM pg_namespace WHERE nspname = %s"
    found = connection.execute(query, [name]).fetchone()
    return int(found[0]) if found else None


def drop(dsn: str, name: str) -> None:
    """Drop a plane beside a tenant's own; repeatable. ValueError for any other."""
    if not name.startswith(BESIDE):
        raise ValueError(f"{name} is not beside a tenant's own")
    schema.drop(dsn, name)
