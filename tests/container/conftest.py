"""A managed PostgreSQL, as clouds give it, and what a container is handed."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from paybill_site.environ import public_half
from paybill_site.kernel import licences
from paybill_site.local import keys, services
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from tenants import entry
from tenants.models import Tenant
from tests.services import any_port

MASTER, PASSWORD = "cloud_admin", secrets.token_hex(16)
TERMS = {
    "name": "Bakery",
    "state": "active",
    "plan": "business",
    "features": {},
    "limits": {},
}


@dataclass
class Managed:
    """A server whose first log-in may make roles and databases, and nothing more."""

    server: Server

    @property
    def address(self) -> dict[str, str]:
        return {
            "PAYBILL_DATABASE_HOST": str(self.server.places.postgres_sockets),
            "PAYBILL_DATABASE_PORT": str(self.server.port),
            "PAYBILL_DATABASE_NAME": "paybill",
            # This server speaks over a socket of this machine only.
            "PAYBILL_DATABASE_SSLMODE": "disable",
        }

    def ask(self, statement: LiteralString, **names: str) -> list[tuple[object, ...]]:
        """Rows, as the superuser that a cloud keeps to itself; quotes names."""
        asked = sql.SQL(statement).format(**named(names))
        with psycopg.connect(self.server.dsn("paybill"), autocommit=True) as connection:
            return connection.execute(asked).fetchall()

    def url(self, user: str = MASTER, secret: str = PASSWORD) -> str:
        host = quote(self.address["PAYBILL_DATABASE_HOST"], safe="")
        port = self.address["PAYBILL_DATABASE_PORT"]
        return f"postgresql://{user}:{secret}@{host}:{port}/paybill"


def named(names: dict[str, str]) -> dict[str, sql.Identifier]:
    return {name: sql.Identifier(value) for name, value in names.items()}


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[Managed]:
    places = Places(tmp_path / "cloud")
    places.create()
    server = Server(places)
    server.initialise()
    services.launch_postgres(server)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        options = f"LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'"
        connection.execute(f"CREATE ROLE {MASTER} {options}".encode())
        connection.execute(f"CREATE DATABASE paybill OWNER {MASTER}".encode())
    yield Managed(server)
    server.stop()
    services.destroy(places)


@pytest.fixture
def handed(managed: Managed, tenant: Tenant, owner: object) -> dict[str, str]:
    """The environment that the stack of a silo gives to its container."""
    own = {
        "licence": licences.sign(tenant.public_id, TERMS, 1),
        "bootstrap_token": entry.bootstrap_token(tenant),
        "secret_key": secrets.token_hex(32),
        "data_keys": keys.KINDS["data"](),
        "audit_key": keys.KINDS["audit"](),
        "licence_public_key": public_half(settings.PAYBILL_KEYS["licence"]),
        "entry_public_key": public_half(settings.PAYBILL_KEYS["entry"]),
        "base_url": settings.PAYBILL_BASE_URL,
        "tenant_domain": settings.PAYBILL_TENANT_DOMAIN,
        "email_url": "smtp://127.0.0.1:1",
    }
    return {
        **managed.address,
        "PAYBILL_TENANT_ID": tenant.public_id,
        "PAYBILL_SCHEMA": f"t_{tenant.public_id[4:]}_g1",
        "PAYBILL_HANDOVER": json.dumps(own),
        "PAYBILL_DATABASE_MASTER": json.dumps(
            {"username": MASTER, "password": PASSWORD, "engine": "postgres"}
        ),
        "REDIS_URL": f"redis://127.0.0.1:{any_port()}/0",
    }


def container(
    environment: dict[str, str], *words: str, port: int = 0
) -> subprocess.Popen[bytes]:
    """The image's entry point in an environment that holds nothing else."""
    return subprocess.Popen(
        [sys.executable, "-m", "paybill_site.container", *words],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
