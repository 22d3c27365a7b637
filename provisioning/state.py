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

LIMIT = 64 * 1024 * 1024


def current(deployment: Deployment) -> StateVersion | None:
    """The version in force: the highest serial that was saved or adopted."""
    valid = deployment.state_versions.exclude(origin=StateOrigin.RESCUED)
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
    if held.lock_id == lock_id and held.run_id == run.pk:  # the answer was lost
        return held
    raise StateLocked(info=held.info)


def unlock(run: Run, lock_id: str) -> None:
    """Give the lock back. Raises StateLocked when it is another's; none is fine."""
    held = StateLock.objects.filter(deployment=run.deployment).first()
    if held is None:
        return
    if held.lock_id != lock_id or held.run_id != run.pk:
        raise StateLocked(info=held.info)
    held.delete()


def save(run: Run, body: bytes, *, lock_id: str, md5: str) -> StateVersion:
    """Store the next version. Raises StateRefused and StateLocked."""
    held = StateLock.objects.filter(deployment=run.deployment).first()
    if held is None:
        raise StateRefused("the state is not locked", rule="lock")
    if held.lock_id != lock_id or held.run_id != run.pk:
        raise StateLocked("the lock id is not the one that is held", info=held.info)
    _check_md5(body, md5)
    return keep(run, body, StateOrigin.SAVED)


def keep(run: Run, body: bytes, origin: StateOrigin) -> StateVersion:
    """Store a body as a version of the run's deployment. Raises StateRefused."""
    serial, lineage, resources = read(body)
    newest = current(run.deployment)
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if newest is not None and origin != StateOrigin.RESCUED:
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


def adopt(deployment: Deployment, rescued: StateVersion) -> StateVersion:
    """Put a rescued version in force. Raises StateRefused unless it follows."""
    newest = current(deployment)
    if newest is not None:
        _check_follows(newest, rescued.serial, rescued.lineage)
    rescued.origin = StateOrigin.ADOPTED
    rescued.save(update_fields=["origin"])
    return rescued


def read(body: bytes) -> tuple[int, str, int]:
    """Serial, lineage and number of resources. Raises StateRefused."""
    try:
        held = json.loads(body)
        serial, lineage = held["serial"], held["lineage"]
        resources = len(held.get("resources") or [])
    except (ValueError, KeyError, TypeError) as error:
        raise StateRefused("this is not a Terraform state", rule="body") from error
    if not (isinstance(serial, int) and isinstance(lineage, str) and lineage):
        raise StateRefused("serial or lineage is missing", rule="body")
    return serial, lineage[:60], resources


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


def _check_md5(body: bytes, given: str) -> None:
    if not given:
        return
    try:
        wanted = base64.b64decode(given, validate=True)
    except binascii.Error as error:
        raise StateRefused("Content-MD5 is not base64", rule="md5") from error
    if hashlib.md5(body, usedforsecurity=False).digest() != wanted:
        raise StateRefused("the body is not what Content-MD5 says", rule="md5")
