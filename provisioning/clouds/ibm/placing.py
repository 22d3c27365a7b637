"""IBM: the administrator's password, log-in and handover in Secrets Manager.

All three services of a stack (database, storage, Code Engine) are instances of one
name; what Paybill makes beside them has it too, so each step finds what is there.
Nothing here was tried against IBM itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from provisioning.clouds import keys
from provisioning.clouds.calls import ask, text
from provisioning.clouds.ibm import profiles, vault
from provisioning.clouds.ibm.entering import token_of
from provisioning.errors import CloudFailed
from provisioning.identity.tokens import Purpose
from provisioning.models import CloudAccount, Deployment, Run
from tenants.states import Isolation

verified = False
CONTROLLER = "https://resource-controller.cloud.ibm.com"
DATABASES = "https://api.{}.databases.cloud.ibm.com"
ADMIN = "admin"
DATABASE = "databases-for-postgresql"
NEEDED = {
    Isolation.BRIDGE: {DATABASE},
    Isolation.SILO: {DATABASE, "cloud-object-storage", "codeengine"},
}
# Seconds: a change of a password takes the place of a task in the database's queue.
PATIENCE, PAUSE = 600.0, 5.0


def place(run: Run, outputs: Mapping[str, Any], handed: Mapping[str, str]) -> None:
    """Give the administrator its password, then put log-in and handover in place.

    A password is set before it is kept: one that is kept was set. The handover comes
    last, for the service starts by it. Raises CloudFailed.
    """
    deployment = run.deployment
    account = keys.account_of(deployment)
    token = token_of(account, Purpose.APPLY)
    place_of = vault.Place(account, token, str(outputs["secret_reference"]))
    found = instances(account, token, place_of.owner)
    missing = NEEDED[Isolation(deployment.kind)] - found.keys()
    if missing:
        raise CloudFailed(
            f"IBM lists no {', '.join(sorted(missing))} of {place_of.owner}"
        )
    password = handed["database_password"]
    login = json.dumps({"username": ADMIN, "password": password})
    if place_of.kept("login") != login:
        _set_password(run, token, found[DATABASE], password)
        place_of.keep("login", login)
    if deployment.kind == Isolation.SILO:
        profiles.entrust(account, token, place_of, found)
        place_of.keep("handover", json.dumps(dict(handed), sort_keys=True))


def clear(deployment: Deployment, outputs: Mapping[str, Any]) -> str:
    """Delete the secrets, which keep their group from being deleted, and the profile.

    Raises CloudFailed.
    """
    if not outputs.get("secret_reference"):
        return "nothing was put in place"
    account = keys.account_of(deployment)
    token = token_of(account, Purpose.APPLY)
    place_of = vault.Place(account, token, str(outputs["secret_reference"]))
    found = instances(account, token, place_of.owner)
    if found:
        profiles.dismiss(account, token, place_of.owner, found)
    gone = [part for part in ("login", "handover") if place_of.drop(part)]
    return f"secrets deleted: {', '.join(gone) or 'none was there'}"


def instances(account: CloudAccount, token: str, name: str) -> dict[str, str]:
    """The CRN of each service's instance of one name. Raises CloudFailed."""
    group = str(account.details.get("resource_group", ""))
    query = urlencode({"name": name, "resource_group_id": group})
    base = account.endpoint or CONTROLLER
    page = ask(f"{base}/v2/resource_instances?{query}", token=token)
    crns = [text(row, "crn") for row in page.get("resources", [])]
    return {crn.split(":")[4]: crn for crn in crns}


def _set_password(run: Run, token: str, crn: str, password: str) -> None:
    """Change it and wait until it is changed. Raises CloudFailed."""
    account = keys.account_of(run.deployment)
    base = account.endpoint or DATABASES.format(run.deployment.region)
    address = f"{base}/v5/ibm/deployments/{quote(crn, safe='')}/users/database/{ADMIN}"
    sent = {"user": {"password": password}}
    task = ask(address, token=token, sent=sent, method="PATCH", secret=True).get(
        "task", {}
    )
    until = time.monotonic() + PATIENCE
    while task.get("status") != "completed":
        if task.get("status") == "failed" or time.monotonic() > until:
            raise CloudFailed("the administrator's password could not be changed")
        time.sleep(PAUSE)
        ident = quote(text(task, "id"), safe="")
        task = ask(f"{base}/v5/ibm/tasks/{ident}", token=token).get("task", {})
