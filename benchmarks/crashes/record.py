"""What became of a deployment, by the cloud's own record and by nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.crashes import light, simulated
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from provisioning.models import Deployment

# One of each is what the stack makes.
GOOGLE = (
    "google_sql_database_instance",
    "google_sql_database",
    "google_sql_user",
    "google_secret_manager_secret",
    "google_secret_manager_secret_version",
    "google_secret_manager_secret_iam_member",
)
WHOLE = {"local": ("database",), "google": GOOGLE, "aws": light.WHOLE}


@dataclass(slots=True)
class Record:
    """How often each thing exists, and what of it should."""

    there: Counter[str] = field(default_factory=Counter)
    wanted: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        return sorted(set(self.wanted) - self.there.keys())

    @property
    def doubled(self) -> list[str]:
        return sorted(name for name, times in self.there.items() if times > 1)

    @property
    def strange(self) -> list[str]:
        return sorted(self.there.keys() - set(self.wanted))


def of(deployment: Deployment, *, stands: bool, local: Path) -> Record:
    """Look at the cloud. ``stands``: whether it should be there, whole, or be gone."""
    whole: tuple[str, ...] = WHOLE[deployment.cloud]
    if deployment.cloud == "local":
        there = _databases(deployment, local)
    elif deployment.cloud == "google":
        there = _objects(deployment)
    else:
        there = light.things(deployment)
    return Record(there, whole if stands else ())


def _databases(deployment: Deployment, local: Path) -> Counter[str]:
    """``pg_database``: the deployment's mark is in the name of its database."""
    mark = f"{deployment.tenant.public_id[4:]}_g{deployment.generation}"
    with psycopg.connect(Server(Places(local)).dsn(), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE strpos(datname, %s) > 0", [mark]
        ).fetchall()
    return Counter("database" for _ in rows)


def _objects(deployment: Deployment) -> Counter[str]:
    """The provider's SQLite: what bears the deployment's name, or its id, anywhere."""
    digest = hashlib.sha256(deployment.tenant.public_id.encode()).hexdigest()
    name = f"pb-{digest[:16]}-g{deployment.generation}"
    told = [
        (kind, known, json.dumps(body)) for kind, known, body in simulated.objects()
    ]
    mine = [o for o in told if name in o[2] or deployment.public_id in o[2]]
    ids = [known for _, known, _ in mine]
    children = [o for o in told if o not in mine and any(one in o[2] for one in ids)]
    return Counter(kind for kind, _, _ in (*mine, *children))
