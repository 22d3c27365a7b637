"""IBM's tokens of an hour for trusted profiles.

IBM takes no foreign token: a service id's API key, sealed in the account, asks for the
profile of each purpose. Terraform gets the token alone. It can not be renewed there,
so no phase may last longer than the token (``Access.seconds``); with the static method
the provider has the key and renews by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.clouds import keys
from provisioning.clouds.adapters import Access
from provisioning.clouds.calls import Json, exchange, text
from provisioning.errors import CloudFailed
from provisioning.identity.tokens import PURPOSES, Purpose
from provisioning.models import CloudAccount, Run
from provisioning.states import Method, Phase

IAM = "https://iam.cloud.ibm.com"
APIKEY = "urn:ibm:params:oauth:grant-type:apikey"
ASSUME = "urn:ibm:params:oauth:grant-type:assume"
LEAST = 300  # seconds that a token has to be good for, else no phase is begun
EARLY = 60  # a phase is ended this long before its token


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Variables of the provider; the key itself only with the static method."""
    account = keys.account_of(run.deployment)
    shared = {"IC_REGION": run.deployment.region}
    purpose = PURPOSES.get(phase)
    if account.method == Method.EXCHANGED and purpose is not None:
        found = _assumed(account, purpose)
        token, seconds = text(found, "access_token"), _left(found)
        yield Access(
            {**shared, "IC_IAM_TOKEN": f"Bearer {token}"},
            secrets=(token,),
            seconds=seconds,
        )
        return
    if account.method == Method.STATIC:
        key = keys.static(account)["api_key"]
        yield Access({**shared, "IC_API_KEY": key}, secrets=(key,))
        return
    yield Access(shared)


def _left(found: Json) -> float:
    """Seconds that a phase may last. Raises CloudFailed when that is too short."""
    life = found.get("expires_in")
    if not isinstance(life, int) or life < LEAST:
        raise CloudFailed("IBM's token ends before anything could be built with it")
    return float(life - EARLY)


def _token_address(account: CloudAccount) -> str:
    return f"{account.endpoint or IAM}/identity/token"


def _by_key(account: CloudAccount) -> Json:
    fields = {"grant_type": APIKEY, "apikey": keys.static(account)["api_key"]}
    return exchange(_token_address(account), fields)


def _assumed(account: CloudAccount, purpose: Purpose) -> Json:
    fields = {
        "grant_type": ASSUME,
        "access_token": text(_by_key(account), "access_token"),
        "profile_id": keys.identity(account, purpose).removeprefix("iam-"),
    }
    return exchange(_token_address(account), fields)


def token_of(account: CloudAccount, purpose: Purpose) -> str:
    """A token for Paybill's own calls. Raises CloudFailed."""
    exchanged = account.method == Method.EXCHANGED
    found = _assumed(account, purpose) if exchanged else _by_key(account)
    return text(found, "access_token")


def attempt(account: CloudAccount) -> str:
    """Ask for the token of each profile; IBM gives it only to whom it lets in."""
    names = []
    for purpose in keys.purposes(account):
        token_of(account, purpose)
        names.append(f"{purpose}: {account.identities.get(purpose, 'the API key')}")
    return "; ".join(names)
