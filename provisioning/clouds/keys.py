"""What an account keeps to get in: identities, and the sealed key of last resort."""

from __future__ import annotations

import json

from provisioning.errors import CloudFailed
from provisioning.identity.tokens import Purpose
from provisioning.models import CloudAccount, Deployment
from provisioning.states import Method


def account_of(deployment: Deployment) -> CloudAccount:
    """The account that a deployment is in. Raises CloudFailed when it has none."""
    if deployment.account is None:
        raise CloudFailed(f"{deployment.public_id} is in no cloud account")
    return deployment.account


def identity(account: CloudAccount, purpose: Purpose) -> str:
    """Who Paybill becomes for a purpose. Raises CloudFailed."""
    named = account.identities.get(purpose)
    if not named:
        raise CloudFailed(f"{account.name} names nobody to {purpose}")
    return str(named)


def purposes(account: CloudAccount) -> tuple[Purpose, ...]:
    """The identities to try: a static key is the same for all of them."""
    if account.method in {Method.FEDERATED, Method.EXCHANGED}:
        return tuple(Purpose)
    return (Purpose.READ,)


def static(account: CloudAccount) -> dict[str, str]:
    """The members of the sealed key; none when the account keeps none."""
    return {
        name: str(value) for name, value in json.loads(account.secret or "{}").items()
    }
