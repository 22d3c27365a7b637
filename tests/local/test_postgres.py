"""The embedded PostgreSQL: closed to everybody else, and whole after a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paybill_site.local import redis_server, services
from paybill_site.local.environment import database_url
from paybill_site.local.places import Places, private_directory, service_user
from paybill_site.local.postgres import Server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PostgreSQL and Redis of a fresh installation."""
    local = tmp_path_factory.mktemp("a clone") / ".local"
    places = Places(local)
    services.start(places)
    yield Server(places)
    services.destroy(places)


def setting(server: Server, name: str) -> str:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("password_encryption", "scram-sha-256"),
        ("unix_socket_permissions", "0700"),
        ("server_encoding", "UTF8"),
    ],
)
def test_it_is_configured_for_safety(running: Server, name: str, value: str) -> None:
    assert setting(running, name) == value


def test_every_log_in_needs_its_password(running: Server) -> None:
    rules = (running.data / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in rules if line and line[0] != "#"}
    assert methods == {"scram-sha-256"}
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(running.dsn(), password="guess").close()


def test_directories_and_keys_are_for_their_owner_alone(running: Server) -> None:
    places = running.places
    closed = [places.local, places.keys, places.sockets, places.postgres_sockets]
    for path in (*closed, places.postgres_state, running.data):
        assert path.stat().st_mode & 0o777 == 0o700, path
    for key in places.keys.iterdir():
        assert key.stat().st_mode & 0o777 == 0o600, key
    assert places.redis_socket.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to run it")
def test_under_root_it_runs_as_somebody_else(running: Server) -> None:
    pid = running.pid()
    assert Path(f"/proc/{pid}").stat().st_uid == service_user().uid != 0


def test_a_second_start_changes_nothing(running: Server) -> None:
    before = running.pid()
    services.start(running.places)
    assert running.pid() == before


def test_the_application_may_log_in_and_read_nothing(running: Server) -> None:
    address = database_url(running.places, "paybill_app")
    with (
        psycopg.connect(address) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE public.mine (id int)")


def test_after_a_crash_it_comes_back_with_what_was_committed(places: Places) -> None:
    services.start(places)
    server = Server(places)
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    crashed = server.pid()
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    server.await_end(crashed)
    services.start(places)
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("SELECT * FROM kept")


def test_a_half_made_data_directory_is_made_again(places: Places) -> None:
    places.create()
    server = Server(places)
    private_directory(server.data, service_user())
    (server.data / "base").mkdir()
    server.initialise()
    assert (server.data / "PG_VERSION").read_text().strip() == "18"
    assert not list(places.postgres_state.glob("*.secret"))


def test_stop_leaves_no_process(places: Places) -> None:
    services.start(places)
    services.stop(places)
    assert Server(places).pid() is None
    assert not redis_server.is_ready(places)


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(PermissionError, match="somebody else"):
        private_directory(tmp_path / "link")
