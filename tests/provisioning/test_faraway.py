"""Places in a real cloud; a server of this machine stands for the cloud's own."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from paybill_site.kernel.crypto import named
from paybill_site.local import units
from paybill_site.local.extras import Unit, server_of
from paybill_site.local.places import Places
from provisioning import faraway, handover
from provisioning.errors import CloudFailed
from provisioning.models import Run
from tests.provisioning.conftest import Entitle, queue

SERVER = "pg_far"


class Far:
    """A cloud that keeps one log-in."""

    def __init__(self, kept: str) -> None:
        self.kept = kept

    def read_secret(self, deployment: Any, reference: str) -> str:
        return self.kept


@pytest.fixture
def outputs(machine: Places, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    made = units.add(machine, kind="server", id=SERVER)
    server = server_of(machine, Unit("server", SERVER, port=int(made["port"])))
    who = conninfo_to_dict(server.dsn())
    kept = {"username": who["user"], "password": who.get("password") or "none"}
    monkeypatch.setattr(faraway, "adapter", lambda cloud: Far(json.dumps(kept)))
    return {
        "database_host": made["host"],
        "database_port": made["port"],
        "database_name": made["database"],
        "secret_reference": "arn:far",
    }


@pytest.fixture
def run(entitle: Entitle) -> Run:
    return queue(entitle("bridge"))


def test_a_bridge_gets_a_log_in_of_its_own_and_its_plane(
    run: Run, outputs: dict[str, Any]
) -> None:
    place = faraway.fill(run, outputs)
    assert faraway.fill(run, outputs) == place, "what was cut off may be repeated"
    with psycopg.connect(place.dsn) as connection:
        assert connection.info.user == "paybill_app"
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = %s", [place.schema_name]
        ).fetchone()
    assert found is not None
    assert found[0] > 10


def test_a_kept_log_in_that_is_none_is_said_without_showing_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faraway, "adapter", lambda cloud: Far("s3cret"))
    outputs = dict.fromkeys(("database_host", "database_port", "database_name"), "5")
    with pytest.raises(CloudFailed, match="no username and password") as refused:
        faraway.fill(run, {**outputs, "secret_reference": "arn:far"})
    assert "s3cret" not in str(refused.value)


def test_a_silo_is_waited_for_and_known_by_the_key_it_was_handed(
    run: Run, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.deployment.kind = "silo"
    place = faraway.fill(run, {"service_address": web})
    assert place.base_url == web
    key = handover.audit_key(run.deployment).public_key()
    assert place.report_key == named(key)
    monkeypatch.setattr(faraway, "PATIENCE", 0.0)
    monkeypatch.setattr(faraway, "PAUSE", 0.0)
    with pytest.raises(CloudFailed, match="did not answer"):
        faraway.fill(run, {"service_address": "http://localhost:1"})
