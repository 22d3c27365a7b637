"""Which reports of a server count, and whom a server answers."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from paybill_site.kernel.crypto import named
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import Place, plane
from provisioning import reports
from provisioning.errors import NoReport
from tenants import entry
from tenants.models import Tenant

KEY = Ed25519PrivateKey.generate()
TENANT, NONCE = "ten_" + "0" * 24 + "ta", "nonce-1"


def report(**changed: Any) -> bytes:
    now = int(time.time())
    claims = {
        "iss": reports.ISSUER,
        "aud": NONCE,
        "sub": TENANT,
        "iat": now,
        "exp": now + 60,
        **changed,
    }
    return jwt.encode(claims, KEY, algorithm="EdDSA").encode()


def read(body: bytes, key: str = "") -> dict[str, Any]:
    return reports.read(body, TENANT, NONCE, key or named(KEY.public_key()))


def test_a_fresh_report_over_the_asked_number_counts() -> None:
    assert read(report(made="1"))["made"] == "1"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "nonce-0"},  # an answer to somebody else, or to an earlier question
        {"sub": "ten_" + "0" * 24 + "tb"},
        {"iat": int(time.time()) - 600},
        {"exp": int(time.time()) - 60},
        {"iss": "somebody"},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
    ],
)
def test_an_old_or_foreign_report_does_not_count(changed: dict[str, Any]) -> None:
    with pytest.raises(NoReport):
        read(report(**changed))


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", report()[:-8]])
def test_what_is_no_report_does_not_count(body: bytes) -> None:
    with pytest.raises(NoReport):
        read(body)


def test_a_report_under_another_key_does_not_count() -> None:
    with pytest.raises(NoReport):
        read(report(), key=named(Ed25519PrivateKey.generate().public_key()))


@pytest.fixture
def server(tenant_a: Place, settings: Any) -> Client:
    """The first tenant's server, as if it were by itself."""
    settings.PAYBILL_MODE = "tenant"
    return Client(SERVER_NAME="ta.localhost")


def asked(tenant: Tenant, **headers: str) -> dict[str, str]:
    word = entry.report_token(tenant, NONCE)
    return {"authorization": f"Bearer {word}", **headers}


def test_a_server_answers_the_control_plane_alone(
    server: Client, tenant_a: Place
) -> None:
    mine = Tenant(public_id=tenant_a.tenant)
    with plane(tenant_a):
        terms = {"state": "active", "plan": "x", "features": {}, "limits": {}}
        Licence.objects.create(version=3, token=sign(tenant_a.tenant, terms, 3))
    said = server.get("/health/report", headers=asked(mine))
    assert said.status_code == 200
    claims = jwt.decode(said.content, options={"verify_signature": False})
    assert claims["aud"] == NONCE
    assert claims["licence"] == 3
    assert claims["made"] == claims["code"]
    for headers in (
        {},
        {"authorization": "Bearer x"},
        asked(Tenant(public_id="ten_" + "1" * 26)),
    ):
        assert server.get("/health/report", headers=headers).status_code == 401
    assert server.post("/health/report").status_code == 405


def test_no_report_is_given_where_the_control_plane_serves(tenant_a: Place) -> None:
    shared = Client(SERVER_NAME="ta.localhost")
    assert shared.get("/health/report").status_code == 404
