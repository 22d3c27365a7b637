"""Further units of the supervisor: databases, servers and processes of local tenants.

Client, usable by Terraform's `local-exec`; values come by environment, and no secret
is on any command line:

    PAYBILL_LOCAL=... PAYBILL_UNIT_KIND=server PAYBILL_UNIT_ID=dep_1 \\
        python -m paybill_site.local.units add
    python -m paybill_site.local.units show|remove     # with PAYBILL_UNIT_ID
    python -m paybill_site.local.units list

`add` waits until the unit is ready (PAYBILL_UNIT_WAIT seconds, 90), prints its
outputs as one JSON object and may be repeated. `remove` stops the unit, deletes its
data and may be repeated; exit status 1 and a line on stderr when something is wrong.

Protocol: one JSON object per line over the Unix socket `Places.supervisor_socket`
(0600). A request is {"verb": "add"|"remove"|"show"|"list", "kind": ..., "id": ...};
the answer {"ok": true, "unit": {...}} or {"ok": false, "error": "sentence"}.

| kind     | also takes             | outputs                            |
|----------|------------------------|------------------------------------|
| database | -                      | host, port, database, user, secret |
| server   | -                      | host, port, database, user, secret |
| tenant   | server, tenant, schema | url, port, environment             |

Every answer has `kind`, `id`, `ready`. `host` is the directory of a Unix socket;
`secret` and `environment` name 0600 files. The log-in `user` owns nothing and may
step into the roles of its own planes only; migrations use `paybill_provisioner`,
whose password for a server of its own is in the file `provisioner_secret`.
`environment` is a JSON object of variables under which `manage.py` runs as that
tenant: `python -m paybill_site.local.units run -- <command>` does so.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paybill_site.local.places import Places

ROOT = Path(__file__).resolve().parent.parent.parent
FIELDS = ("kind", "id", "server", "tenant", "schema")


class UnitRefused(Exception):
    """The supervisor refused the request."""


def ask(places: Places, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request; raises UnitRefused, also when no supervisor listens."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(120)
        try:
            line.connect(str(places.supervisor_socket))
            line.sendall(json.dumps(dict(request)).encode() + b"\n")
            with line.makefile() as answers:
                answer: dict[str, Any] = json.loads(answers.readline() or "{}")
        except OSError as error:
            raise UnitRefused(f"no supervisor answers: {error}") from error
    if not answer.get("ok"):
        raise UnitRefused(answer.get("error", "the supervisor hung up"))
    return answer


def add(places: Places, seconds: float = 90.0, **fields: str) -> dict[str, Any]:
    """Add a unit and wait until it is ready; returns its outputs."""
    until = time.monotonic() + seconds
    unit = dict(ask(places, {"verb": "add", **fields})["unit"])
    while not unit["ready"]:
        if time.monotonic() > until:
            raise UnitRefused(f"{fields['id']} is not ready after {seconds:.0f} s")
        time.sleep(0.2)
        unit = show(places, fields["id"])
    return unit


def show(places: Places, unit: str) -> dict[str, Any]:
    """Outputs of one unit."""
    return dict(ask(places, {"verb": "show", "id": unit})["unit"])


def remove(places: Places, unit: str) -> None:
    """Stop a unit and delete its data; a unit that is gone is no error."""
    ask(places, {"verb": "remove", "id": unit})


def run(places: Places, unit: str, words: list[str]) -> None:
    """Become `manage.py` under the environment of a tenant unit."""
    outputs = show(places, unit)
    if "environment" not in outputs:
        raise UnitRefused(f"{unit} is not a tenant")
    extra = json.loads(Path(outputs["environment"]).read_text())
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    os.execve(sys.executable, command, {**os.environ, **extra})  # noqa: S606


def main(words: list[str]) -> Any:
    """Do what the command line and the environment say; returns what to print."""
    places = Places(Path(os.environ.get("PAYBILL_LOCAL") or ROOT / ".local"))
    given = {f: os.environ.get(f"PAYBILL_UNIT_{f.upper()}", "") for f in FIELDS}
    fields = {name: value for name, value in given.items() if value}
    match words:
        case ["add"]:
            return add(
                places, float(os.environ.get("PAYBILL_UNIT_WAIT", "90")), **fields
            )
        case ["remove"]:
            return remove(places, given["id"])
        case ["show"]:
            return show(places, given["id"])
        case ["list"]:
            return ask(places, {"verb": "list"})["units"]
        case ["run", "--", *rest]:
            return run(places, given["id"], rest)
    raise UnitRefused("usage: units add|remove|show|list|run -- command")


if __name__ == "__main__":
    try:
        print(json.dumps(main(sys.argv[1:])))  # noqa: T201
    except (UnitRefused, KeyError) as error:
        sys.exit(f"units: {error}")
