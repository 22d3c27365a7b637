"""A tenant's own server sets itself up, on a database whose owner is no superuser."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

import psycopg
import pytest
from psycopg import errors, sql

from paybill_site.container import handover
from paybill_site.container.handover import BadHandover, Handover
from tenants.models import Tenant
from tests.container.conftest import Managed, container, named
from tests.services import any_port


def get(port: int, path: str, host: str = "bakery.localhost") -> int:
    """Status of a page; 0 while nobody answers."""
    address = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Host": host}
    )
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return 0


def wait_until(port: int, process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while get(port, "/health/live") != 200:
        assert process.poll() is None, process.communicate()[1].decode()[-4000:]
        assert time.monotonic() < until, "the container does not serve"
        time.sleep(0.2)


def stopped(process: subprocess.Popen[bytes]) -> str:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()[-2000:]
    return said.decode()


@pytest.mark.slow
def test_a_container_sets_its_server_up_serves_and_comes_back(
    managed: Managed, handed: dict[str, str], tenant: Tenant
) -> None:
    port = any_port()
    first = container(handed, "tenant", port=port)
    wait_until(port, first, 120)
    schema = handed["PAYBILL_SCHEMA"]
    made = managed.ask("SELECT email FROM {schema}.accounts_user", schema=schema)
    assert made == [("olivia@example.com",)]
    assert managed.ask(
        "SELECT version FROM {schema}.kernel_licence", schema=schema
    ) == [(1,)]

    # Its events are delivered by a worker of its own.
    assert managed.ask(
        "SELECT count(*) FROM {schema}.kernel_delivery WHERE state = 'pending'",
        schema=schema,
    ) == [(0,)]
    stopped(first)

    again = container(handed, "tenant", port=port)
    wait_until(port, again, 60)
    assert managed.ask(
        "SELECT count(*) FROM {schema}.accounts_user", schema=schema
    ) == [(1,)]
    said = stopped(again)
    for secret in json.loads(handed["PAYBILL_HANDOVER"]).values():
        assert secret not in said


@pytest.mark.slow
def test_two_containers_that_start_at_once_set_it_up_once(
    managed: Managed, handed: dict[str, str]
) -> None:
    cache = {"REDIS_URL": f"redis://127.0.0.1:{any_port()}/0"}
    ports = any_port(), any_port()
    both = [
        container(handed, "tenant", port=ports[0]),
        container({**handed, **cache}, "tenant", port=ports[1]),
    ]
    for process, port in zip(both, ports, strict=True):
        wait_until(port, process, 180)
    schema = handed["PAYBILL_SCHEMA"]
    assert managed.ask(
        "SELECT count(*) FROM {schema}.accounts_user", schema=schema
    ) == [(1,)]
    for process in both:
        stopped(process)


@pytest.mark.slow
def test_what_a_managed_server_does_not_allow_is_said_and_the_rest_holds(
    managed: Managed, handed: dict[str, str]
) -> None:
    port = any_port()
    process = container(handed, "tenant", port=port)
    wait_until(port, process, 120)
    secret = Handover.model_validate_json(handed["PAYBILL_HANDOVER"])
    app = managed.url("paybill_app", handover.password(secret, "paybill_app"))
    schema = handed["PAYBILL_SCHEMA"]
    names = {"schema": schema, "owner": f"{schema}_owner", "app": f"{schema}_app"}
    with psycopg.connect(app, autocommit=True) as connection:
        for refused in (
            "SELECT * FROM {schema}.accounts_user",
            "SET ROLE {owner}",
            "CREATE TABLE public.mine (id int)",
            "SET ROLE {app}; DELETE FROM {schema}.kernel_auditentry",
        ):
            asked = sql.SQL(refused).format(**named(names))
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(asked)
            connection.execute("RESET ROLE")
    owner = managed.ask("SELECT rolsuper FROM pg_roles WHERE rolname = 'cloud_admin'")
    assert owner == [(False,)]
    member = "SELECT pg_has_role('cloud_admin', 'paybill_control_owner', 'SET')"
    assert managed.ask(member) == [(False,)]  # it stepped in for the installation only
    stopped(process)


@pytest.mark.slow
def test_when_one_process_ends_the_container_ends(
    managed: Managed, handed: dict[str, str]
) -> None:
    port = any_port()
    process = container(handed, "tenant", port=port)
    wait_until(port, process, 120)
    worker = subprocess.run(
        ["pgrep", "-s", str(process.pid), "-f", "tenant work"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    subprocess.run(["kill", "-9", *worker], check=True)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert get(port, "/health/live") == 0


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("PAYBILL_HANDOVER", "", "set PAYBILL_HANDOVER or PAYBILL_HANDOVER_FILE"),
        ("PAYBILL_HANDOVER", "hunter2", "PAYBILL_HANDOVER is not JSON"),
        ("PAYBILL_HANDOVER", '{"licence": "hunter2"}', "missing or too short: boot"),
        ("PAYBILL_DATABASE_HOST", "", "set PAYBILL_DATABASE_HOST"),
    ],
)
def test_what_is_missing_is_named_and_nothing_secret_shown(
    name: str, text: str, says: str
) -> None:
    fields = Handover.model_fields
    whole = json.dumps(dict.fromkeys(fields, "x" * 60))
    given = {"PAYBILL_HANDOVER": whole, "PAYBILL_DATABASE_HOST": "db.internal"}
    with pytest.raises(BadHandover, match=says) as refused:
        handover.environment({**given, name: text})
    assert "hunter2" not in str(refused.value)


def test_a_password_from_the_handover_serves_where_the_cloud_manages_none() -> None:
    whole = json.dumps(dict.fromkeys(Handover.model_fields, "x" * 60))
    given = {"PAYBILL_HANDOVER": whole, "PAYBILL_DATABASE_HOST": "db.internal"}
    made = handover.environment(given)
    assert made["PAYBILL_SUPERUSER_URL"].startswith("postgresql://paybill_master:xxx")
    assert "sslmode=require" in made["DATABASE_URL"]
    assert made == handover.environment(given)  # a restart agrees with the start before
    assert "PAYBILL_HANDOVER" not in made
