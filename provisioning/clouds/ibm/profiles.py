"""The trusted profile of a silo's service: who it is, and the little that it may do.

Code Engine gives the application a token; IAM takes it for the profile that is linked
to this one application of this one project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from provisioning.clouds.calls import Json, ask, text
from provisioning.clouds.ibm.entering import IAM
from provisioning.clouds.ibm.vault import Place
from provisioning.models import CloudAccount

READER = "crn:v1:bluemix:public:secrets-manager::::serviceRole:SecretsReader"
WRITER = "crn:v1:bluemix:public:iam::::serviceRole:Writer"


def entrust(
    account: CloudAccount, token: str, place: Place, crns: Mapping[str, str]
) -> None:
    """Make the profile, its link and its rights, where they miss. Raises CloudFailed.

    ``crns``: of the stack's instances, by service.
    """
    base, owner, number = account.endpoint or IAM, place.owner, _account(crns)
    profile = _profile(base, token, owner, number)
    if profile is None:
        sent = {"name": owner, "account_id": number, "description": "made by Paybill"}
        profile = ask(f"{base}/v1/profiles", token=token, sent=sent)
    links = f"{base}/v1/profiles/{text(profile, 'id')}/links"
    if not ask(links, token=token).get("links"):
        ask(links, token=token, sent=_link(owner, crns["codeengine"]))
    query = {"account_id": number, "iam_id": text(profile, "iam_id"), "type": "access"}
    held = ask(f"{base}/v1/policies?{urlencode(query)}", token=token)
    standing = {_service(policy) for policy in held.get("policies", [])}
    for right in _rights(place, number, crns["cloud-object-storage"]):
        if _service(right) not in standing:
            subject = [{"name": "iam_id", "value": text(profile, "iam_id")}]
            whose: Json = {"type": "access", "subjects": [{"attributes": subject}]}
            ask(f"{base}/v1/policies", token=token, sent={**right, **whose})


def dismiss(
    account: CloudAccount, token: str, name: str, crns: Mapping[str, str]
) -> None:
    """Delete the profile with its link and rights. Raises CloudFailed."""
    base = account.endpoint or IAM
    profile = _profile(base, token, name, _account(crns))
    if profile is not None:
        address = f"{base}/v1/profiles/{text(profile, 'id')}"
        ask(address, token=token, method="DELETE")


def _profile(base: str, token: str, name: str, number: str) -> Json | None:
    query = urlencode({"account_id": number, "name": name})
    page = ask(f"{base}/v1/profiles?{query}", token=token)
    found: list[Json] = page.get("profiles", [])
    return next((row for row in found if row.get("name") == name), None)


def _account(crns: Mapping[str, str]) -> str:
    """The account's id in ``crn:v1:bluemix:public:<service>:<region>:a/<id>:...``."""
    return next(iter(crns.values())).split(":")[6].removeprefix("a/")


def _link(owner: str, project: str) -> Json:
    application = {
        "crn": project,
        "component_type": "application",
        "component_name": owner,
    }
    return {"name": owner, "cr_type": "CE", "link": application}


def _rights(place: Place, number: str, storage: str) -> list[Json]:
    """Read the stack's group of secrets, write the stack's bucket; nothing else."""
    secrets = {
        "accountId": number,
        "serviceName": "secrets-manager",
        "serviceInstance": place.instance,
        "resourceType": "secret-group",
        "resource": place.group(),
    }
    bucket = {
        "accountId": number,
        "serviceName": "cloud-object-storage",
        "serviceInstance": storage.split(":")[7],
        "resourceType": "bucket",
        "resource": place.owner,
    }
    return [_right(READER, secrets), _right(WRITER, bucket)]


def _right(role: str, on: Mapping[str, str]) -> Json:
    attributes = [{"name": name, "value": value} for name, value in on.items()]
    return {"roles": [{"role_id": role}], "resources": [{"attributes": attributes}]}


def _service(policy: Mapping[str, Any]) -> str:
    """For which service a policy is."""
    for resource in policy.get("resources", []):
        for attribute in resource.get("attributes", []):
            if attribute.get("name") == "serviceName":
                return str(attribute.get("value"))
    return ""
