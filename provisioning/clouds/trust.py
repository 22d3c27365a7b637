"""What an operator tells a cloud, so that it trusts Paybill: words to copy.

The subjects are those of ``identity.tokens``; what a cloud can not match (a pattern at
Azure, a foreign token at IBM) is said here and in docs/clouds.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings

from provisioning.clouds.facts import audience_of
from provisioning.identity.tokens import Purpose, subject_pattern
from provisioning.models import CloudAccount
from provisioning.states import Cloud, Method

NO_HTTPS = (
    "Clouds fetch keys over https from a public address only; PAYBILL_BASE_URL is none."
)
WORDS = {
    Method.STATIC: "A key that does not end is kept sealed. Prefer a trust, where the"
    " cloud offers one.",
    Method.NONE: "Nothing has to be set up.",
}
BY_PROFILE = (
    "With the API key of a service id, which is sealed here, Paybill asks IBM for a"
    " token of an hour for each trusted profile. Let that service id assume the three"
    " profiles and nothing else."
)


def instructions(account: CloudAccount) -> list[tuple[str, str]]:
    """What to copy, by name: issuer, audience, and a subject for each identity."""
    if account.method in WORDS:
        return [("How Paybill gets in", WORDS[Method(account.method)])]
    audience = audience_of(account.cloud, account.details)
    if not audience:
        return [("How Paybill gets in", BY_PROFILE)]
    address = settings.PAYBILL_BASE_URL
    warned = [] if address.startswith("https://") else [("Careful", NO_HTTPS)]
    return [
        *warned,
        ("Issuer", address),
        ("Keys", f"{address}/.well-known/jwks.json"),
        ("Audience", audience),
        *(
            (f"Subject to {purpose}", subject_pattern(account, purpose))
            for purpose in Purpose
        ),
    ]


def documents(account: CloudAccount) -> list[tuple[str, str]]:
    """The trust of each identity in the form that the cloud takes, by title."""
    make = MAKERS.get((account.cloud, account.method))
    if make is None:
        return []
    return [
        (f"Trust of the identity to {purpose}", json.dumps(made, indent=2))
        for purpose in Purpose
        for made in [make(account, purpose)]
    ]


def _aws(account: CloudAccount, purpose: Purpose) -> dict[str, Any]:
    """The trust policy of a role; the provider is named after the issuer's host."""
    issuer = settings.PAYBILL_BASE_URL.partition("://")[2]
    owner = str(account.identities.get(purpose, "")).split(":")
    number = owner[4] if len(owner) > 4 else ""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {
                    "Federated": f"arn:aws:iam::{number}:oidc-provider/{issuer}"
                },
                "Condition": {
                    "StringEquals": {f"{issuer}:aud": _audience(account)},
                    "StringLike": {f"{issuer}:sub": subject_pattern(account, purpose)},
                },
            }
        ],
    }


def _azure(account: CloudAccount, purpose: Purpose) -> dict[str, Any]:
    """Parameters of ``az ad app federated-credential create``."""
    return {
        "name": f"paybill-{purpose}",
        "issuer": settings.PAYBILL_BASE_URL,
        "subject": subject_pattern(account, purpose),
        "audiences": [_audience(account)],
    }


def _google(account: CloudAccount, purpose: Purpose) -> dict[str, Any]:
    """A binding on the service account; the provider maps ``attribute.phase``."""
    pool = str(account.details.get("provider", "")).partition("/providers/")[0]
    member = f"principalSet://iam.googleapis.com/{pool}/attribute.phase/{purpose}"
    return {"role": "roles/iam.workloadIdentityUser", "members": [member]}


def _oracle(account: CloudAccount, purpose: Purpose) -> dict[str, Any]:
    """The part of an identity propagation trust that is about one client."""
    address = settings.PAYBILL_BASE_URL
    return {
        "name": f"paybill-{purpose}",
        "type": "JWT",
        "issuer": address,
        "publicKeyEndpoint": f"{address}/.well-known/jwks.json",
        "oauthClients": [account.identities.get(purpose, "")],
        "allowImpersonation": True,
        "impersonationServiceUsers": [
            {"rule": f"phase eq {purpose}", "value": f"id of the user to {purpose}"}
        ],
    }


def _audience(account: CloudAccount) -> str:
    return audience_of(account.cloud, account.details)


MAKERS: dict[tuple[str, str], Callable[[CloudAccount, Purpose], dict[str, Any]]] = {
    (Cloud.AWS, Method.FEDERATED): _aws,
    (Cloud.AZURE, Method.FEDERATED): _azure,
    (Cloud.GOOGLE, Method.FEDERATED): _google,
    (Cloud.ORACLE, Method.EXCHANGED): _oracle,
}
