"""Log-ins exchanged while people work, closed while a tenant is suspended, limited."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connections
from psycopg.conninfo import conninfo_to_dict

from examples.storefront.models import Customer
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Forbidden, IllegalMove
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from paybill_site.kernel.planes import plane
from provisioning.actions import (
    RotateCredentials,
    SleepDatabase,
    WakeDatabase,
)
from provisioning.databases import care, logins
from provisioning.databases.errors import SharedLogIn
from provisioning.databases.places import ground_of, placement_of
from provisioning.models import Database, DatabaseJob
from tenants.models import Domain, Entitlement, Tenant
from tenants.routing import resident_of
from tests.provisioning.databases.conftest import (
    OPERATOR,
    asked,
    customers,
    done,
    home,
)
from tests.services import superuser

WORKERS = 4


class Load:
    """People who read and write in a tenant's plane as requests do."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.failures: list[str] = []
        self.written = 0
        self.users: set[str] = set()
        self._end, self._lock = threading.Event(), threading.Lock()

    def work(self) -> None:
        number = 0
        while not self._end.is_set():
            number += 1
            try:
                self._request(f"{threading.get_ident()}-{number}")
            except Exception as error:  # noqa: BLE001 - each one is a finding
                self.failures.append(repr(error))
        connections.close_all()

    def _request(self, name: str) -> None:
        resident = resident_of(self.host)  # remembered for seconds, as in every web
        assert resident is not None
        assert resident.place is not None
        with plane(resident.place):
            Customer.objects.create(name=name, email=f"{name}@example.com")
            assert Customer.objects.filter(name=name).exists()
            user = connections[resident.place.alias].connection.info.user
        with self._lock:
            self.written += 1
            self.users.add(user)


@contextmanager
def under_load(host: str) -> Iterator[Load]:
    load = Load(host)
    threads = [threading.Thread(target=load.work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load._end.set()
        for thread in threads:
            thread.join()


def log_in_of(tenant: Tenant) -> str:
    return str(conninfo_to_dict(str(placement_of(tenant).dsn))["user"])


@pytest.fixture(autouse=True)
def idle_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks nothing for a few seconds is idle: this thread is, in every rotation."""
    monkeypatch.setattr(logins, "IDLE", timedelta(seconds=6))


def test_rotation_under_load_shows_no_error(bridge: Tenant, host: str) -> None:
    first, old_dsn = log_in_of(bridge), str(placement_of(bridge).dsn)
    before = len(customers(bridge))
    with under_load(host) as load:
        job = done(asked(RotateCredentials, bridge))
        second = log_in_of(bridge)
        done(asked(RotateCredentials, bridge))  # and back, with a fresh password
    assert load.failures == []
    close_old_connections()  # as before every request: this thread was idle for long
    assert load.users == {first, second}
    assert len(customers(bridge)) == before + load.written
    assert job.report == {"log_in": second, "revoked": first, "sessions_ended": 0}
    assert (second, log_in_of(bridge)) == (f"{first}_b", first)
    with pytest.raises(psycopg.OperationalError):  # the password of before is dead
        psycopg.connect(old_dsn)
    assert Database.objects.get().rotated_at is not None


@pytest.fixture
def host(bridge: Tenant) -> str:
    placement = placement_of(bridge)
    name = "cared.localhost"
    Domain.objects.create(domain=name, tenant=placement)
    return name


def test_the_old_log_in_can_do_nothing_and_no_password_is_told(bridge: Tenant) -> None:
    ground = ground_of(placement_of(bridge))
    done(asked(RotateCredentials, bridge))
    with psycopg.connect(superuser()) as root:
        query = "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s"
        assert root.execute(query, [ground.app]).fetchone() == (False,)
        query = (
            "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole"
            " AND roleid::regrole::text LIKE %s"
        )
        found = root.execute(query, [ground.app, f"{ground.schema}%"]).fetchone()
    assert found == (0,)
    secret = str(conninfo_to_dict(str(placement_of(bridge).dsn))["password"])
    assert not AuditEntry.objects.filter(body__contains=secret).exists()
    assert secret not in str(DatabaseJob.objects.values())


def test_in_the_pool_the_log_in_is_everybodys(pooled: Tenant) -> None:
    for verb in (RotateCredentials, WakeDatabase):
        with pytest.raises(SharedLogIn):
            perform(verb, pooled, actor=OPERATOR)


def test_a_teammate_rotates_nothing(bridge: Tenant, teammate: Any) -> None:
    with pytest.raises(Forbidden):
        perform(RotateCredentials, bridge, actor=teammate)


def test_a_sleeping_database_lets_nobody_in_until_it_wakes(bridge: Tenant) -> None:
    with pytest.raises(IllegalMove, match="suspend it first"):
        perform(SleepDatabase, bridge, actor=OPERATOR)
    assert customers(bridge)
    Tenant.objects.update(state="suspended")
    done(asked(SleepDatabase, bridge))
    assert Database.objects.get().asleep
    with pytest.raises(OperationalError):
        customers(bridge)
    connections[home(bridge).alias].close()
    with pytest.raises(OperationalError, match="not permitted to log in"):
        customers(bridge)
    done(asked(WakeDatabase, bridge))
    connections[home(bridge).alias].close()
    assert customers(bridge)
    assert not Database.objects.get().asleep


def test_the_plan_limits_connections_and_size(bridge: Tenant) -> None:
    limits = {"connections": 2, "database_bytes": 10 << 30}
    Entitlement.objects.filter(tenant=bridge).update(limits=limits)
    assert care.measure() == 3  # two more live here
    row = Database.objects.get(placement=placement_of(bridge))
    assert (row.connection_limit, row.notice) == (2, "")
    assert row.size > 1 << 20
    connections[home(bridge).alias].close()
    dsn = str(placement_of(bridge).dsn)
    too_many = pytest.raises(psycopg.OperationalError, match="too many connections")
    with psycopg.connect(dsn), psycopg.connect(dsn), too_many:
        psycopg.connect(dsn)
    assert care.measure() == 0  # measured within the hour


@pytest.mark.parametrize(("share", "notice"), [(0.9, "near"), (1.0, "full")])
def test_a_database_near_its_limit_is_told_once(
    pooled: Tenant, share: float, notice: str, mailoutbox: list[Any]
) -> None:
    placement = placement_of(pooled)
    size = care.size_of(ground_of(placement))
    limits = {"database_bytes": int(size / share)}
    Entitlement.objects.filter(tenant=pooled).update(limits=limits)
    for _ in range(2):
        care.measure_one(placement)
    assert Database.objects.get(placement=placement).notice == notice
    told = OutboxEvent.objects.filter(name="provisioning.database_full")
    assert [event.payload["notice"] for event in told] == [notice]
    outbox.drain()
    (mail,) = mailoutbox
    assert ("nearly full" if notice == "near" else "over its size") in mail.subject
    Entitlement.objects.filter(tenant=pooled).update(limits={})
    care.measure_one(placement)
    assert Database.objects.get(placement=placement).notice == ""
