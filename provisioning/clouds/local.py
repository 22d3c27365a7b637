"""This machine as a cloud: the supervisor's units, asked by the client Terraform uses.

The client is a program of its own, so that provisioning knows the embedded mode by
its command line only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from paybill_site.kernel import migrating
from provisioning.clouds.adapters import Access, Found
from provisioning.errors import CloudFailed
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Phase

SCHEME = "unit:"
# How the local stacks name what makes a unit, by the beginning of the unit's name.
ADDRESSES = {
    "db": "terraform_data.database",
    "pg": "terraform_data.server",
    "web": "terraform_data.service",
}
LEFT = """
SELECT 'database ' || datname FROM pg_database WHERE strpos(datname, %(mark)s) > 0
UNION ALL
SELECT 'role ' || rolname FROM pg_roles WHERE strpos(rolname, %(mark)s) > 0
ORDER BY 1
"""


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Where the client finds the embedded services; nobody has to be let in."""
    yield Access(
        {
            "PAYBILL_LOCAL": str(settings.PAYBILL_LOCAL),
            "PAYBILL_PYTHON": sys.executable,
            "PYTHONPATH": str(settings.BASE_DIR),
        }
    )


class LocalInventory:
    """Units, databases and roles that carry the mark of a deployment in their names.

    Names are all the tags that this machine has. The kind of a unit is the beginning
    of its name and tells its address; databases and roles are parts of units.
    """

    verified = True
    repeats = True  # a unit that is made again is the one that is there

    def __init__(self, deployment: Deployment) -> None:
        self.mark = mark_of(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that is left on this machine. Raises CloudFailed."""
        units = [
            Found(ADDRESSES.get(unit.partition("_")[0], ""), unit, f"unit {unit}")
            for unit in listed(self.mark)
        ]
        dsn = migrating.provisioner_dsn()
        with psycopg.connect(dsn, autocommit=True) as connection:
            rows = connection.execute(LEFT, {"mark": self.mark})
            return [*units, *(Found("", "", str(row[0])) for row in rows)]


inventory = LocalInventory


def mark_of(deployment: Deployment) -> str:
    """What every name of a deployment on this machine contains."""
    body = deployment.tenant.public_id.partition("_")[2]
    return f"{body}_g{deployment.generation}"


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """Nothing here hangs on something else."""
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """The log-in that a unit keeps in a file of its own. Raises CloudFailed."""
    return Path(show(unit_of(reference))["secret"]).read_text().strip()


def attempt(account: CloudAccount) -> str:
    """Whether the supervisor answers."""
    return f"{len(listed(''))} units on this machine"


def unit_of(reference: str) -> str:
    """The id in an output such as ``unit:db_...``. Raises CloudFailed."""
    if not reference.startswith(SCHEME):
        raise CloudFailed(f"not a unit of this machine: {reference[:60]}")
    return reference.removeprefix(SCHEME)


def show(unit: str) -> dict[str, Any]:
    """Where a unit is reached and where its secrets are. Raises CloudFailed."""
    found: dict[str, Any] = json.loads(_client("show", unit=unit))
    return found


def add(kind: str, unit: str, **fields: str) -> dict[str, Any]:
    """Make a unit, or find the one that is there; returns what it shows when ready.

    Raises CloudFailed.
    """
    named = {"PAYBILL_UNIT_KIND": kind}
    named |= {f"PAYBILL_UNIT_{name.upper()}": value for name, value in fields.items()}
    made: dict[str, Any] = json.loads(
        _client("add", unit=unit, extra=named, seconds=180)
    )
    return made


def remove(unit: str) -> None:
    """Stop a unit and delete its data, if it is there. Raises CloudFailed."""
    _client("remove", unit=unit, seconds=180)


def listed(mark: str) -> list[str]:
    """Ids of the units whose name contains ``mark``. Raises CloudFailed."""
    return [u["id"] for u in json.loads(_client("list")) if mark in str(u["id"])]


def manage(unit: str, *words: str, extra: dict[str, str]) -> str:
    """Run ``manage.py`` as a tenant unit; what must not be seen goes into ``extra``."""
    return _client("run", "--", *words, unit=unit, extra=extra, seconds=300)


def tenant_dsn(unit: dict[str, Any]) -> str:
    """libpq address of a unit's database for the tenant's own log-in; secret."""
    return _dsn(unit, str(unit["user"]), Path(unit["secret"]))


def provisioner_dsn(unit: dict[str, Any]) -> str:
    """The same for the provisioner, who makes and drops schemas; secret."""
    return _dsn(unit, "paybill_provisioner", Path(unit["provisioner_secret"]))


def _dsn(unit: dict[str, Any], user: str, secret: Path) -> str:
    return make_conninfo(
        host=unit["host"],
        port=unit["port"],
        dbname=unit["database"],
        user=user,
        password=secret.read_text().strip(),
    )


def _client(
    *words: str, unit: str = "", extra: dict[str, str] | None = None, seconds: int = 60
) -> str:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PAYBILL_LOCAL": str(settings.PAYBILL_LOCAL),
        "PAYBILL_UNIT_ID": unit,
        **(extra or {}),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "paybill_site.local.units", *words],
            cwd=settings.BASE_DIR,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise CloudFailed(f"no answer from this machine in {seconds} s") from error
    if done.returncode:
        raise CloudFailed(done.stderr.strip()[-600:] or f"units {words[0]} failed")
    return done.stdout
