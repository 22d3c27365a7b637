"""What changed at the cloud without Terraform, as the last look found it.

Kept on the deployment, masked, one line for each attribute: where, what it was, what
it is, and since when it has been seen. An apply repairs it; adopting takes it over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models.functions import Coalesce
from django.utils import timezone

from provisioning.models import Deployment, Run
from provisioning.states import ACTIVE, DeploymentState

MOST_LINES, LONGEST = 500, 300
DAY = 86_400
# Attributes that move by themselves: when a managed database can be restored to.
CLOCKS = {"latest_restorable_time", "earliest_restore_date", "earliest_restore_time"}


def note(deployment: Deployment, found: list[dict[str, Any]]) -> None:
    """Keep what a look found: rows of masked address, type, actions, before, after.

    Only inside an action.
    """
    seen = {_key(line): line["since"] for line in deployment.drift.get("lines", [])}
    now = timezone.now().isoformat(timespec="seconds")
    told = [line for row in found for line in lines(row)]
    kept = [{**line, "since": seen.get(_key(line), now)} for line in told[:MOST_LINES]]
    deployment.drift = {"lines": kept, "more": len(told) - len(kept)} if kept else {}
    deployment.drift_seen_at = timezone.now()
    deployment.save(update_fields=["drift", "drift_seen_at"])


def forget(deployment: Deployment) -> None:
    """State and cloud agree: an apply compared them. Only inside an action."""
    deployment.drift, deployment.drift_seen_at = {}, timezone.now()
    deployment.save(update_fields=["drift", "drift_seen_at"])


def lines(row: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One line for each attribute that differs; one for a resource that is gone."""
    address = str(row["address"])
    was, now = row.get("before"), row.get("after")
    if "delete" in row.get("actions", []):
        yield _line(address, "", "exists", "deleted outside")
        return
    was, now = was or {}, now or {}
    for name in sorted((was.keys() | now.keys()) - CLOCKS):
        if _plain(was.get(name)) != _plain(now.get(name)):
            yield _line(address, name, _text(was.get(name)), _text(now.get(name)))


def _plain(value: Any) -> Any:
    """A value without what is empty in it: after an apply the state says "nothing" by
    null and after a refresh by an empty list or map, and nobody changed anything.
    """
    if isinstance(value, dict):
        held = {name: _plain(item) for name, item in value.items()}
        value = {name: item for name, item in held.items() if item is not None}
    elif isinstance(value, list):
        value = [_plain(item) for item in value]
    return None if value in ("", [], {}) else value


def _line(address: str, attribute: str, was: str, now: str) -> dict[str, str]:
    return {"address": address, "attribute": attribute, "was": was, "is": now}


def _text(value: Any) -> str:
    """A value for people to read, bounded."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _key(line: Mapping[str, str]) -> tuple[str, str]:
    return line["address"], line["attribute"]


def due(now: datetime) -> list[tuple[str, str]]:
    """Deployments that have not been looked at since their time of the day came.

    Their ids, drawn by lot, so that some that are refused keep no other from its turn.
    The times are spread over the day by the id, always the same for a deployment.
    With each comes the trigger of its look: once a day, whatever becomes of it.
    """
    found = {}
    for name, looked in _idle():
        slot = _slot(name, now)
        if looked < slot:
            found[f"look:{name}:{slot:%Y-%m-%d}"] = name
    queued = Run.objects.filter(trigger__in=found).values_list("trigger", flat=True)
    for trigger in queued:
        del found[trigger]
    return [(name, trigger) for trigger, name in found.items()]


def _idle() -> Iterator[tuple[str, datetime]]:
    """Ids of what stands and has nothing to do, and when it was looked at."""
    standing = Deployment.objects.filter(state=DeploymentState.READY, frozen="")
    idle = standing.exclude(runs__state__in=ACTIVE).order_by("?")
    seen = Coalesce("drift_seen_at", "created_at")
    return idle.values_list("public_id", seen).iterator()


def _slot(name: str, now: datetime) -> datetime:
    """The newest moment that is the time of the day of the deployment of this id."""
    digest = hashlib.sha256(name.encode()).digest()
    second = int.from_bytes(digest[:4], "big") % DAY
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    slot = midnight + timedelta(seconds=second)
    return slot if slot <= now else slot - timedelta(days=1)
