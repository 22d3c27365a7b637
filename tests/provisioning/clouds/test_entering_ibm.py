"""Into IBM Cloud: a stub gives tokens as documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.errors import CloudFailed
from provisioning.models import Run
from provisioning.states import Phase
from tests.provisioning.clouds.conftest import (
    Hold,
    account_of,
)
from tests.provisioning.clouds.stub import Answer, Asked, cloud, ok

UUID = "00000000-0000-0000-0000-00000000000{}"


def ibm(asked: Asked) -> Answer:
    if asked.path == "/identity/token":
        if asked.form["grant_type"].endswith(":apikey"):
            assert asked.form["apikey"] == "sealed"
            return ok({"access_token": "service", "expires_in": 3600})
        assert asked.form["access_token"] == "service"
        return ok({"access_token": asked.form["profile_id"], "expires_in": 3600})
    row = {
        "crn": "crn:v1:bluemix:public:is:eu-de:a/1::vpc:r010-1",
        "tags": ["paybill:address:ibm_is_vpc.this"],
    }
    return ok({"items": [row]})


@pytest.fixture
def at_ibm(hold: Hold) -> Callable[[str], Run]:
    def make(address: str) -> Run:
        return hold(
            "ibm",
            "eu-de",
            endpoint=address,
            method="exchanged",
            identities={
                p: f"Profile-{UUID.format(n)}"
                for n, p in enumerate(("plan", "apply", "read"))
            },
            secret=json.dumps({"api_key": "sealed"}),
            details={"resource_group": "0" * 32},
        )

    return make


def test_ibm_gets_a_short_token_and_the_phase_a_bound(
    at_ibm: Callable[[str], Run], tmp_path: Path
) -> None:
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        with access(run, Phase.APPLY, tmp_path) as opened:
            token = f"Profile-{UUID.format(1)}"
            assert opened.environment["IC_IAM_TOKEN"] == f"Bearer {token}"
            assert "sealed" not in str(opened.environment)
            assert opened.secrets == (token,)
            assert opened.seconds == 3540


def test_a_token_of_ibm_that_is_nearly_over_begins_nothing(
    at_ibm: Callable[[str], Run], tmp_path: Path
) -> None:
    def short(asked: Asked) -> Answer:
        return ok({"access_token": "t", "expires_in": 60})

    with cloud(short) as stub:
        run = at_ibm(stub.address)
        with (
            pytest.raises(CloudFailed, match="ends before anything"),
            access(run, Phase.APPLY, tmp_path),
        ):
            pass


def test_ibm_lists_what_carries_the_tags(at_ibm: Callable[[str], Run]) -> None:
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        asked = adapter("ibm").inventory(run.deployment)
        [found] = asked.listed(run.deployment)
        assert (found.address, found.id) == ("ibm_is_vpc.this", "r010-1")
        assert not asked.verified
        assert "read: Profile-" in adapter("ibm").attempt(account_of(run))
