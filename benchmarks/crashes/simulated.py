"""An adapter for the cloud in the schema provider's SQLite, in the place of Google's.

Its folder holds ``cloud.db``, which the provider writes, and ``weather.json``: how long
a creation takes and what fails, read anew for each phase.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from provisioning import finishing, state
from provisioning.clouds import adapters
from provisioning.clouds import inventory as listing
from provisioning.clouds.adapters import Access, Found
from provisioning.errors import CloudFailed
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.runner.logs import LogWriter
from provisioning.states import Cloud, Operation, Phase

FOLDER = "PAYBILL_SIMULATED_CLOUD"
NAMES = ("name", "account_id", "secret_id", "bucket_name", "service")

type Object = tuple[str, str, dict[str, Any]]


def install() -> None:
    """Let this module speak for Google; no tenant moves into what is not there."""
    adapters.MODULES[Cloud.GOOGLE] = __name__
    listing.register(Cloud.GOOGLE, SimulatedInventory)
    put_up = finishing.FINISHES[Operation.APPLY]

    def finish(run: Run, log: LogWriter) -> dict[str, object]:
        if run.deployment.cloud == Cloud.LOCAL:
            return put_up(run, log)
        return state.outputs(run.deployment)

    finishing.FINISHES[Operation.APPLY] = finish


def folder() -> Path:
    return Path(os.environ[FOLDER])


def weather() -> dict[str, Any]:
    """``delay`` in seconds; ``fail``: a pattern of what the cloud refuses; ``away``."""
    try:
        read: dict[str, Any] = json.loads((folder() / "weather.json").read_text())
    except FileNotFoundError:
        return {}
    return read


def set_weather(**changed: Any) -> None:
    """Change how the cloud is, for what begins from now on."""
    fresh = folder() / f"weather.{os.getpid()}"
    fresh.write_text(json.dumps(changed))
    fresh.replace(folder() / "weather.json")


def objects() -> list[Object]:
    """All that exists: type, id, and the object itself."""
    path = folder() / "cloud.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=30)) as opened:
        rows = opened.execute("SELECT type, id, body FROM objects").fetchall()
    return [(kind, known, json.loads(body)) for kind, known, body in rows]


@contextmanager
def access(run: Run, phase: Phase, place: Path) -> Iterator[Access]:
    """The provider's memory, and its weather."""
    now = weather()
    yield Access(
        {
            "SCHEMA_PROVIDER_STATE": str(folder() / "cloud.db"),
            "SCHEMA_PROVIDER_DELAY_S": str(now.get("delay", 0)),
            "SCHEMA_PROVIDER_FAIL": str(now.get("fail", "")),
        }
    )


class SimulatedInventory:
    """What in the provider's memory carries a deployment's labels."""

    verified = True

    def __init__(self, deployment: Deployment) -> None:
        self.mark = deployment.public_id

    def listed(self, deployment: Deployment) -> list[Found]:
        if weather().get("away"):
            raise CloudFailed("the cloud does not answer")
        return [
            Found(_address(labels), known, f"{kind}/{known}")
            for kind, known, body in objects()
            for labels in [_labels(body)]
            if labels.get("paybill-deployment") == self.mark
        ]


inventory = SimulatedInventory


def _labels(body: Any) -> dict[str, str]:
    """The labels of an object, wherever its type has them."""
    if isinstance(body, list):
        body = {str(index): item for index, item in enumerate(body)}
    if not isinstance(body, dict):
        return {}
    for name in ("labels", "user_labels"):
        if isinstance(body.get(name), dict):
            return dict(body[name])
    found = (_labels(value) for value in body.values())
    return next((labels for labels in found if labels), {})


def _address(labels: Mapping[str, str]) -> str:
    return labels.get("paybill-address", "").replace("-", ".", 1)


def child_id(deployment: Deployment, kind: str, values: Mapping[str, Any]) -> str:
    """An object without labels is known by all that its configuration says of it."""
    said = {name: value for name, value in values.items() if isinstance(value, str)}
    for other, known, body in objects():
        if other == kind and said and said.items() <= body.items():
            return known
    return ""


def read_secret(deployment: Deployment, reference: str) -> str:
    """Nothing is kept: the provider remembers no write-only value."""
    raise CloudFailed("this cloud keeps no secrets")


def attempt(account: CloudAccount) -> str:
    """Anybody gets in."""
    return "simulated"
