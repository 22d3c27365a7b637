"""Oracle: the handover as a new version of its secret; an empty bucket before the end.

A bridge needs nothing: the vault makes the password and the database reads it there.
Nothing here was tried against Oracle itself.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from provisioning.clouds import keys
from provisioning.clouds.calls import answered, rows, text
from provisioning.clouds.oracle.entering import Signer, signer
from provisioning.errors import NotThere
from provisioning.identity.tokens import Bearer, Purpose
from provisioning.models import Deployment, Run
from tenants.states import Isolation

verified = False
PAGE = 500  # versions of objects in one answer
PATIENCE = 60.0  # seconds of deleting in one look; the next one goes on


def place(run: Run, outputs: Mapping[str, Any], handed: Mapping[str, str]) -> None:
    """Put the handover into the vault, unless it is there. Raises CloudFailed."""
    if run.deployment.kind != Isolation.SILO:
        return
    bucket, _ = _bucket(outputs)
    sender = _sender(run.deployment, run)
    secret, kept = _kept(run, sender, f"{bucket}-handover")
    content = json.dumps(dict(handed), sort_keys=True)
    if kept == content:
        return
    url = f"{_at(run.deployment, 'vaults', '.oci')}/20180608/secrets/{secret}"
    coded = base64.b64encode(content.encode()).decode()
    version = {"contentType": "BASE64", "content": coded, "stage": "CURRENT"}
    body = json.dumps({"secretContent": version}).encode()
    answered("PUT", url, sender.headers("PUT", url, body), body, secret=True)


def _kept(run: Run, sender: Signer, name: str) -> tuple[str, str]:
    """OCID and newest content of a secret. Raises CloudFailed."""
    query = urlencode({"secretName": name, "vaultId": run.inputs["account"]["vault"]})
    base = _at(run.deployment, "secrets.vaults", ".oci")
    url = f"{base}/20190301/secretbundles/actions/getByName?{query}"
    found, _ = answered("POST", url, sender.headers("POST", url), b"")
    content = text(found.get("secretBundleContent", {}), "content")
    return text(found, "secretId"), base64.b64decode(content).decode()


def clear(deployment: Deployment, outputs: Mapping[str, Any]) -> str:
    """Delete every version of every object, and what was never uploaded to its end.

    The provider does not, and Oracle deletes no bucket that holds anything. Raises
    CloudFailed.
    """
    if deployment.kind != Isolation.SILO or not outputs.get("storage"):
        return "there is no bucket"
    bucket, namespace = _bucket(outputs)
    base = f"{_at(deployment, 'objectstorage')}/n/{quote(namespace)}/b/{quote(bucket)}"
    try:
        return _emptied(base, _sender(deployment))
    except NotThere:
        return f"no bucket {bucket} was found"


def _emptied(base: str, sender: Signer) -> str:
    deleted, until = 0, time.monotonic() + PATIENCE
    listing = f"{base}/objectversions?limit={PAGE}"
    while True:
        page, _ = answered("GET", listing, sender.headers("GET", listing))
        found = page.get("items", [])
        for row in found:
            version = {"versionId": text(row, "versionId")}
            _delete(f"{base}/o", text(row, "name"), version, sender)
        deleted += len(found)
        if not found:
            break
        if time.monotonic() > until:
            return ""
    uploads = f"{base}/u?limit={PAGE}"
    begun = rows(uploads, sender.headers("GET", uploads))
    for row in begun:
        upload = {"uploadId": text(row, "uploadId")}
        _delete(f"{base}/u", text(row, "object"), upload, sender)
    return f"the bucket is empty: {deleted} versions and {len(begun)} uploads deleted"


def _delete(base: str, name: str, which: Mapping[str, str], sender: Signer) -> None:
    url = f"{base}/{quote(name, safe='')}?{urlencode(which)}"
    try:
        answered("DELETE", url, sender.headers("DELETE", url))
    except NotThere:
        return  # somebody was faster


def _bucket(outputs: Mapping[str, Any]) -> tuple[str, str]:
    """Bucket and namespace in ``oci://bucket@namespace``; the bucket's is our name."""
    bucket, _, namespace = str(outputs["storage"]).removeprefix("oci://").partition("@")
    return bucket, namespace


def _sender(deployment: Deployment, run: Run | None = None) -> Signer:
    """The applying identity: in a run, for as long as that holds the deployment."""
    account = keys.account_of(deployment)
    bearer = Bearer(account, Purpose.APPLY, deployment, run)
    return signer(account, Purpose.APPLY, bearer)


def _at(deployment: Deployment, service: str, realm: str = "") -> str:
    host = f"https://{service}.{deployment.region}{realm}.oraclecloud.com"
    return keys.account_of(deployment).endpoint or host
