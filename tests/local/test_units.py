"""Stacks add databases, servers and tenants; they come back and go for good."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from paybill_site.local import units
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from paybill_site.local.units import UnitRefused
from tests.local.conftest import ROOT, Start

# One supervisor for those that add nothing: so they are for one of the processes.
pytestmark = pytest.mark.xdist_group("units")


def connect(unit: dict[str, Any]) -> psycopg.Connection[Any]:
    """Log in as the outputs of a unit say."""
    return psycopg.connect(
        host=unit["host"],
        port=unit["port"],
        user=unit["user"],
        dbname=unit["database"],
        password=Path(unit["secret"]).read_text(),
    )


def add_tenant(places: Places) -> dict[str, Any]:
    """A tenant's process on the server `srv_1`."""
    return units.add(
        places,
        kind="tenant",
        id="app_1",
        server="srv_1",
        tenant="ten_01",
        schema="t_01",
    )


def client(places: Places, *words: str, **fields: str) -> Any:
    """The client as a stack calls it; returns its outputs."""
    given = {f"PAYBILL_UNIT_{name.upper()}": value for name, value in fields.items()}
    done = subprocess.run(
        [sys.executable, "-m", "paybill_site.local.units", *words],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PAYBILL_LOCAL": str(places.local), **given},
    )
    return json.loads(done.stdout)


def test_a_database_has_a_log_in_of_its_own(supervise: Start, places: Places) -> None:
    supervise("units")
    unit = client(places, "add", kind="database", id="dep_1")
    with connect(unit) as connection:
        assert connection.info.dbname == "dep_1"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect({**unit, "database": "paybill"}).close()
    assert client(places, "add", kind="database", id="dep_1") == unit


def test_what_is_removed_is_gone_and_may_be_removed_again(
    supervise: Start, places: Places
) -> None:
    supervise("units")
    unit = units.add(places, kind="database", id="dep_1")
    for _ in range(2):
        units.remove(places, "dep_1")
    with pytest.raises(psycopg.OperationalError):
        connect({**unit, "secret": os.devnull}).close()
    with psycopg.connect(Server(places).dsn()) as connection:
        left = "SELECT 1 FROM pg_roles WHERE rolname = 'dep_1'"
        assert connection.execute(left).fetchone() is None
    assert not (places.units / "dep_1").exists()


def test_a_server_with_its_tenant_survives_a_restart_and_goes_after_it(
    supervise: Start, places: Places
) -> None:
    first = supervise("units")
    server = units.add(places, kind="server", id="srv_1")
    tenant = add_tenant(places)
    with connect(server) as connection:
        assert connection.info.server_version >= 180000
    holds_no_key_of_the_control_plane(places, Path(tenant["environment"]))
    first.kill()
    supervise("units")
    assert units.add(places, kind="server", id="srv_1") == server
    again = add_tenant(places)
    # Another program may have taken its port meanwhile: then it has another one.
    where = {name: again[name] for name in ("port", "url")}
    assert again == {**tenant, **where}
    with connect(server):
        pass
    with pytest.raises(UnitRefused, match="in use by app_1"):
        units.remove(places, "srv_1")
    units.remove(places, "app_1")
    units.remove(places, "srv_1")
    assert not (places.postgres_state / "srv_1").exists()


def holds_no_key_of_the_control_plane(places: Places, environment: Path) -> None:
    assert environment.stat().st_mode & 0o777 == 0o600
    text = environment.read_text()
    for key in places.keys.iterdir():
        if key.name != "redis":  # one Redis serves both, each in its own database
            assert json.dumps(key.read_text())[1:-1] not in text, key.name


@pytest.mark.parametrize(
    ("request_", "because"),
    [
        ({"verb": "add", "kind": "database", "id": "../etc"}, "id: 3 to 40"),
        ({"verb": "add", "kind": "cloud", "id": "dep_1"}, "kind is database"),
        ({"verb": "add", "kind": "tenant", "id": "app_1"}, "name of its schema"),
        ({"verb": "add", "kind": "database", "id": "postgres"}, "name of a part"),
        ({"verb": "show", "id": "dep_9"}, "no unit is called"),
        ({"verb": "shout"}, "verb is add"),
    ],
)
def test_a_bad_request_is_answered_with_a_sentence(
    shared_units: Places, request_: dict[str, str], because: str
) -> None:
    with pytest.raises(UnitRefused, match=because):
        units.ask(shared_units, request_)


def test_what_is_no_request_at_all_is_answered_too(shared_units: Places) -> None:
    for nonsense in (b"not json\n", b"[]\n", b"\xff\xfe\n"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(shared_units.supervisor_socket))
            line.sendall(nonsense)
            assert json.loads(line.makefile().readline())["ok"] is False


def test_the_socket_is_for_its_owner_alone(shared_units: Places) -> None:
    assert shared_units.supervisor_socket.stat().st_mode & 0o777 == 0o600


def test_without_a_supervisor_the_client_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnitRefused, match="no supervisor answers"):
        units.show(Places(tmp_path / ".local"), "dep_1")
