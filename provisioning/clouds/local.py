"""This machine as a cloud: the supervisor's units, asked by the client Terraform uses.

The client is a program of its own, so that provisioning knows the embedded mode by
its command line only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from provisioning.errors import CloudFailed

SCHEME = "unit:"


def unit_of(reference: str) -> str:
    """The id in an output such as ``unit:db_...``. Raises CloudFailed."""
    if not reference.startswith(SCHEME):
        raise CloudFailed(f"not a unit of this machine: {reference[:60]}")
    return reference.removeprefix(SCHEME)


def show(unit: str) -> dict[str, Any]:
    """Where a unit is reached and where its secrets are. Raises CloudFailed."""
    found: dict[str, Any] = json.loads(_client("show", unit=unit))
    return found


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
