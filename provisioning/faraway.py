"""What is done after Terraform where nothing is on this machine: in a real cloud.

What the stack of a cloud could not take is put in place first. A silo's container sets
itself up from what it was handed; it is only waited for. A bridge's database is entered
from here, the compute that bridges share, by its first log-in, which makes the
provisioner's and the tenant's own. Every step may be repeated.
"""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paybill_site.kernel import migrating, roles, schema, web
from paybill_site.kernel.crypto import named
from provisioning import entitled, handover
from provisioning.attached import Attached
from provisioning.clouds import placing
from provisioning.clouds.adapters import adapter
from provisioning.errors import CloudFailed
from provisioning.models import Run
from tenants.states import Isolation

# Seconds: a container is fetched, its plane made, its address known in DNS.
PATIENCE, PAUSE = 1200.0, 5.0
CONNECT = 10  # seconds for a database to answer at all


def fill(run: Run, outputs: dict[str, Any]) -> Attached:
    """Make the plane, or wait for it. Raises CloudFailed."""
    placing.place(run, outputs, handover.contents(run))
    if run.deployment.kind == Isolation.SILO:
        return _silo(run, outputs)
    return _bridge(run, outputs)


def _silo(run: Run, outputs: dict[str, Any]) -> Attached:
    address = str(outputs["service_address"])
    _await(address)
    return Attached(
        kind=Isolation.SILO,
        schema_name=entitled.schema_name(run.inputs),
        base_url=address,
        report_key=named(handover.audit_key(run.deployment).public_key()),
    )


def _await(address: str) -> None:
    """Until the service says that it is well. Raises CloudFailed."""
    until = time.monotonic() + PATIENCE
    while not _is_well(address):
        if time.monotonic() > until:
            raise CloudFailed(f"{address} did not answer in {PATIENCE:.0f} s")
        time.sleep(PAUSE)


def _is_well(address: str) -> bool:
    try:
        asked = web.target_of(f"{address}/health/live", own=True)
        return web.call("GET", asked).status == HTTPStatus.OK
    except (
        web.Refused,
        web.Unreachable,
    ):  # its name is not known yet, or nobody listens
        return False


def _bridge(run: Run, outputs: dict[str, Any]) -> Attached:
    deployment, name = run.deployment, entitled.schema_name(run.inputs)
    server = {
        "host": str(outputs["database_host"]),
        "port": str(outputs["database_port"]),
        "dbname": str(outputs["database_name"]),
        "sslmode": "require",
        "connect_timeout": str(CONNECT),
    }
    own = handover.derived(deployment, "log-in").hex()
    provisioner = conninfo_to_dict(settings.PAYBILL_PROVISIONER_DSN)
    first = make_conninfo(**server, **_first_log_in(run, outputs))
    try:
        roles.install_server(first, own, str(provisioner["password"]))
        roles.install_database(first)
        _build(make_conninfo(**server, **_who(provisioner)), name)
    except psycopg.OperationalError as error:
        # Its own words could name the log-in.
        raise CloudFailed("the database does not let its first log-in in") from error
    return Attached(
        kind=Isolation.BRIDGE,
        alias=f"db_{name.removeprefix('t_')}",
        schema_name=name,
        dsn=make_conninfo(**server, user=roles.APP, password=own),
    )


def _first_log_in(run: Run, outputs: dict[str, Any]) -> dict[str, str]:
    """User and password, from where the cloud keeps them. Raises CloudFailed."""
    cloud = adapter(run.deployment.cloud)
    text = cloud.read_secret(run.deployment, str(outputs["secret_reference"]))
    try:
        kept = json.loads(text)
        return {"user": str(kept["username"]), "password": str(kept["password"])}
    except (ValueError, KeyError, TypeError):
        raise CloudFailed("the kept log-in has no username and password") from None


def _who(provisioner: dict[str, Any]) -> dict[str, str]:
    return {name: str(provisioner[name]) for name in ("user", "password")}


def _build(dsn: str, name: str) -> None:
    """Make the schema in one transaction: it is there whole or not at all."""
    with psycopg.connect(dsn) as connection:
        if schema.schemas(connection).get(name):
            return
    with psycopg.connect(migrating.provisioner_dsn()) as connection:
        source = schema.compiled(connection)
    schema.build(dsn, name, source=source)
