"""Terraform's state as it is kept: every version, encrypted, in one line of serials.

Terraform's client checks nothing, so the server does (HTTP backend of Terraform):
lock id, lineage, serial, MD5. Only inside an action, which checked the fence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from provisioning.errors import StateLocked, StateRefused
from provisioning.models import (
    Deployment,
    Run,
    StateLock,
    StateOrigin,
    StateVersion,
)
from provisioning.models.statefile import ASIDE

LIMIT = 64 * 1024 * 1024
FORMAT = 4  # of all Terraform since 0.12, and of OpenTofu
HIGHEST = 2**53  # serial that every reader of JSON reads as it was written


def current(deployment: Deployment) -> StateVersion | None:
    """The version in force: the highest serial that was not laid aside."""
    valid = deployment.state_versions.exclude(origin__in=ASIDE)
    return valid.order_by("-serial").first()


def lock(run: Run, lock_id: str, info: dict[str, Any]) -> StateLock:
    """Take the lock. Raises StateLocked, whose ``info`` member is the holder's."""
    held = StateLock.objects.filter(deployment=run.deployment).first()
    if held is None:
        return StateLock.objects.create(
            deployment=run.deployment,
            run=run,
            lock_id=lock_id,
            info=info,
            fence=run.fence,
        )
    if _holds(run, held, lock_id):  # the answer was lost
        return held
    raise StateLocked(info=held.info)


def unlock(run: Run, lock_id: str) -> None:
    """Give the lock back. Raises StateLocked when it is another's; none is fine."""
    held = StateLock.objects.filter(deployment=run.deployment).first()
    if held is None:
        return
    if not _holds(run, held, lock_id):
        raise StateLocked(info=held.info)
    held.delete()


def save(run: Run, body: bytes, *, lock_id: str, md5: str) -> StateVersion:
    """Store the next version. Raises StateRefused and StateLocked."""
    held = StateLock.objects.filter(deployment=run.deployment).first()
    if held is None:
        raise StateRefused("the state is not locked", rule="lock")
    if not _holds(run, held, lock_id):
        raise StateLocked("the lock id is not the one that is held", info=held.info)
    _check_md5(body, md5)
    return keep(run, body, StateOrigin.SAVED)


def keep(run: Run, body: bytes, origin: StateOrigin) -> StateVersion:
    """Store a body as a version of the run's deployment. Raises StateRefused."""
    serial, lineage, resources = read(body)
    newest = current(run.deployment)
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if newest is not None and origin not in ASIDE:
        if newest.md5 == digest and newest.run_id == run.pk:  # the answer was lost
            return newest
        _check_follows(newest, serial, lineage)
    return StateVersion.objects.create(
        deployment=run.deployment,
        run=run,
        origin=origin,
        serial=serial,
        lineage=lineage,
        md5=digest,
        resources=resources,
        content=body,
    )


def lay_aside(run: Run, body: bytes) -> StateVersion:
    """Keep a state that could not be saved, also one that is damaged; not in force.

    One that the backend has after all, since only its answer was lost, is that one.
    """
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    known = run.deployment.state_versions.filter(run=run, md5=digest).first()
    if known is not None:
        return known
    try:
        return keep(run, body, StateOrigin.RESCUED)
    except StateRefused:
        return StateVersion.objects.create(
            deployment=run.deployment,
            run=run,
            origin=StateOrigin.RESCUED,
            serial=0,
            lineage="",
            md5=digest,
            content=body,
        )


def adopt(deployment: Deployment, rescued: StateVersion) -> StateVersion:
    """Put a rescued version in force. Raises StateRefused unless it follows."""
    newest = current(deployment)
    read(rescued.content)
    if newest is not None:
        _check_follows(newest, rescued.serial, rescued.lineage)
    rescued.origin = StateOrigin.ADOPTED
    rescued.save(update_fields=["origin"])
    return rescued


def revert(deployment: Deployment, older: StateVersion) -> StateVersion:
    """Put an older content in force as a new version. Raises StateRefused.

    The new one has the next serial and the same lineage, so Terraform takes it for
    what follows; the cloud is as it was, and the next plan shows the difference.
    """
    newest = current(deployment)
    if newest is None or older.origin in ASIDE or older.pk == newest.pk:
        raise StateRefused("only a version that was in force can be again")
    if older.lineage != newest.lineage:
        raise StateRefused("the lineage is another state's", rule="lineage")
    body = {**json.loads(older.content), "serial": newest.serial + 1}
    return keep(older.run, json.dumps(body, indent=2).encode(), StateOrigin.REVERTED)


def read(body: bytes) -> tuple[int, str, int]:
    """Serial, lineage and number of resources. Raises StateRefused."""
    try:
        held = json.loads(body)
        version, serial, lineage = held["version"], held["serial"], held["lineage"]
        resources = held.get("resources", [])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateRefused("this is not a Terraform state", rule="body") from error
    if version != FORMAT or isinstance(version, bool):
        raise StateRefused(f"the format is not version {FORMAT}", rule="version")
    if type(serial) is not int or not 0 <= serial <= HIGHEST:
        raise StateRefused("the serial is not a whole number from 0", rule="serial")
    if not isinstance(lineage, str) or not 0 < len(lineage) <= 60:
        raise StateRefused("the lineage is missing or too long", rule="lineage")
    if not isinstance(resources, list):
        raise StateRefused("the resources are not a list", rule="body")
    return serial, lineage, len(resources)


def outputs(deployment: Deployment) -> dict[str, Any]:
    """The outputs of the version in force; sensitive ones are left out."""
    version = current(deployment)
    if version is None:
        return {}
    found: dict[str, Any] = json.loads(version.content).get("outputs") or {}
    return {
        name: output["value"]
        for name, output in found.items()
        if not output.get("sensitive")
    }


def _check_follows(newest: StateVersion, serial: int, lineage: str) -> None:
    if lineage != newest.lineage:
        raise StateRefused("the lineage is another state's", rule="lineage")
    if serial <= newest.serial:
        raise StateRefused(
            f"serial {serial} does not follow {newest.serial}", rule="serial"
        )


def _holds(run: Run, held: StateLock, lock_id: str) -> bool:
    """Whether the lock is this very Terraform's: its id, its run, and its fence."""
    return (held.lock_id, held.run_id, held.fence) == (lock_id, run.pk, run.fence)


def _check_md5(body: bytes, given: str) -> None:
    if not given:
        raise StateRefused("Content-MD5 is missing", rule="md5")
    try:
        wanted = base64.b64decode(given, validate=True)
    except binascii.Error as error:
        raise StateRefused("Content-MD5 is not base64", rule="md5") from error
    if hashlib.md5(body, usedforsecurity=False).digest() != wanted:
        raise StateRefused("the body is not what Content-MD5 says", rule="md5")
