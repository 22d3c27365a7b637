"""The issuer as a cloud meets it: fetched over HTTP, judged by another library."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from paybill_site.kernel.planes import Place
from paybill_site.local.keys import identity_key, signing_key
from provisioning.errors import LeaseLost
from provisioning.identity import keys
from provisioning.identity.tokens import LIFE, Bearer, Purpose, mint
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import RunState
from tests.cast import browser
from tests.provisioning.conftest import queue

AUDIENCE = "sts.amazonaws.com"


@pytest.fixture
def cloud_account(control: Place) -> CloudAccount:
    return CloudAccount.objects.create(name="Ours at AWS", cloud="aws", regions=["r"])


@pytest.fixture
def held(deployment: Deployment) -> Run:
    """A run that a runner works on."""
    run = queue(deployment)
    Deployment.objects.filter(pk=deployment.pk).update(fence=7)
    Run.objects.filter(pk=run.pk).update(fence=7, state=RunState.APPLYING)
    run.refresh_from_db()
    return run


def fetched(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
        return json.load(answer)


def checked(token: str, issuer: str, audience: str = AUDIENCE) -> dict[str, Any]:
    """As a cloud does it: discovery, the key named by ``kid``, signature, claims."""
    found = fetched(f"{issuer}/.well-known/openid-configuration")
    assert found["issuer"] == issuer
    keyring = KeySet.import_key_set(fetched(found["jwks_uri"]))
    decoded = jwt.decode(token, keyring, algorithms=["RS256"])
    JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        jti={"essential": True},
    ).validate(decoded.claims)
    assert decoded.header["kid"] in {key.thumbprint() for key in keyring.keys}
    return decoded.claims


def test_a_cloud_checks_our_token_over_http(
    web: str, held: Run, cloud_account: CloudAccount
) -> None:
    bearer = Bearer(cloud_account, Purpose.APPLY, held.deployment, held)
    claims = checked(mint(bearer, AUDIENCE), web)
    deployment, run = held.deployment.public_id, held.public_id
    assert claims["sub"] == f"deployment:{deployment}:run:{run}:phase:apply"
    assert claims["exp"] - claims["iat"] == LIFE <= 15 * 60
    assert claims["account"] == cloud_account.public_id
    assert (claims["operation"], claims["cloud"]) == ("apply", "aws")
    again = checked(mint(bearer, AUDIENCE), web)
    assert again["jti"] != claims["jti"]


def test_a_token_for_one_cloud_is_nothing_to_another(
    web: str, held: Run, cloud_account: CloudAccount
) -> None:
    token = mint(Bearer(cloud_account, Purpose.READ, held.deployment, held), "other")
    with pytest.raises(Exception, match="aud"):
        checked(token, web)


@pytest.mark.parametrize(
    ("fence", "state"),
    [(6, RunState.APPLYING), (7, RunState.CANCELED), (7, RunState.PENDING)],
)
def test_a_run_that_is_not_held_gets_no_identity(
    held: Run, cloud_account: CloudAccount, fence: int, state: str
) -> None:
    held.fence = fence
    Run.objects.filter(pk=held.pk).update(state=state)
    with pytest.raises(LeaseLost):
        mint(Bearer(cloud_account, Purpose.APPLY, held.deployment, held), AUDIENCE)


def test_a_runner_that_was_overtaken_gets_no_identity(
    held: Run, cloud_account: CloudAccount
) -> None:
    Deployment.objects.filter(pk=held.deployment_id).update(fence=8)
    with pytest.raises(LeaseLost):
        mint(Bearer(cloud_account, Purpose.APPLY, held.deployment, held), AUDIENCE)


def test_keys_rotate_without_a_gap(
    web: str, cloud_account: CloudAccount, settings: Any
) -> None:
    """The next key is published before it signs; the last one after it did."""
    old, new = settings.PAYBILL_KEYS["oidc"], identity_key()
    bearer = Bearer(cloud_account, Purpose.READ)
    first = mint(bearer, AUDIENCE)
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "oidc": f"{old}\n{new}"}
    assert len(fetched(f"{web}/.well-known/jwks.json")["keys"]) == 2
    checked(first, web)
    checked(mint(bearer, AUDIENCE), web)
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "oidc": f"{new}\n{old}"}
    second = mint(bearer, AUDIENCE)
    checked(first, web)
    claims = checked(second, web)
    assert claims["sub"] == "deployment:none:run:none:phase:read"
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "oidc": new}
    checked(second, web)
    with pytest.raises(Exception, match="key"):
        checked(first, web)


def test_only_public_halves_are_published(control: Place) -> None:
    for key in keys.published()["keys"]:
        assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}


@pytest.mark.parametrize("wrong", ["", "no key", signing_key()])
def test_a_key_that_is_none_is_named(settings: Any, wrong: str) -> None:
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "oidc": wrong}
    with pytest.raises(ImproperlyConfigured, match="PAYBILL_OIDC_KEY"):
        keys.ring()


def test_the_host_of_a_request_names_no_issuer(control: Place, settings: Any) -> None:
    answer = browser().get("/.well-known/openid-configuration")
    assert answer.json()["issuer"] == settings.PAYBILL_BASE_URL
    assert answer["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ["openid-configuration", "jwks.json"])
def test_a_tenants_host_is_no_issuer(live_tenant: object, path: str) -> None:
    tenant = Client(SERVER_NAME="ta.localhost")
    assert tenant.get(f"/.well-known/{path}").status_code == 404


def test_nothing_is_posted_to_the_issuer(control: Place) -> None:
    assert browser().post("/.well-known/jwks.json").status_code == 405
