"""What operators copy to their cloud trusts what Paybill mints, and nothing more."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from provisioning.clouds import trust
from provisioning.identity.tokens import Bearer, Purpose
from provisioning.models import CloudAccount, Deployment, Run
from tests.provisioning.conftest import queue


@pytest.fixture
def run(deployment: Deployment) -> Run:
    return queue(deployment)


def account(cloud: str, method: str = "federated", **fields: Any) -> CloudAccount:
    return CloudAccount.objects.create(
        name=cloud, cloud=cloud, method=method, regions=["r"], **fields
    )


def documents(row: CloudAccount) -> list[Any]:
    return [json.loads(text) for _, text in trust.documents(row)]


def test_a_role_trusts_its_phase_of_any_run_and_no_other_phase(
    run: Run, settings: Any
) -> None:
    settings.PAYBILL_BASE_URL = "https://paybill.example"
    role = "arn:aws:iam::123456789012:role/paybill-apply"
    row = account("aws", identities={"apply": role})
    policy = documents(row)[1]["Statement"][0]
    assert policy["Principal"]["Federated"] == (
        "arn:aws:iam::123456789012:oidc-provider/paybill.example"
    )
    pattern = policy["Condition"]["StringLike"]["paybill.example:sub"]
    subjects = {
        purpose: Bearer(row, purpose, run.deployment, run).subject
        for purpose in Purpose
    }
    trusted = {p for p, subject in subjects.items() if fnmatchcase(subject, pattern)}
    assert trusted == {Purpose.APPLY}


def test_azures_subject_is_the_very_one_that_is_minted(run: Run) -> None:
    row = account("azure")
    for document, purpose in zip(documents(row), Purpose, strict=True):
        bearer = Bearer(row, purpose, run.deployment, run)
        assert document["subject"] == bearer.subject


def test_google_binds_by_the_claim_of_the_phase(run: Run) -> None:
    pool = "projects/1/locations/global/workloadIdentityPools/paybill"
    row = account("google", details={"provider": f"{pool}/providers/main"})
    [_, apply, _] = documents(row)
    assert apply["members"] == [
        f"principalSet://iam.googleapis.com/{pool}/attribute.phase/apply"
    ]
    claims = Bearer(row, Purpose.APPLY, run.deployment, run).claims
    assert claims["phase"] == "apply"


def test_googles_subject_is_within_its_127_signs(run: Run) -> None:
    row = account("google")
    assert len(Bearer(row, Purpose.APPLY, run.deployment, run).subject) <= 127


def test_oracle_lets_a_client_act_as_the_user_of_its_phase(control: object) -> None:
    row = account("oracle", "exchanged", identities={"plan": "client-plan"})
    plan = documents(row)[0]
    assert plan["oauthClients"] == ["client-plan"]
    assert plan["impersonationServiceUsers"][0]["rule"] == "phase eq plan"


@pytest.mark.parametrize(
    ("cloud", "method", "words"),
    [
        ("ibm", "exchanged", "service id"),
        ("aws", "static", "Prefer a trust"),
        ("local", "none", "Nothing has to be set up"),
    ],
)
def test_where_nothing_is_trusted_that_is_said(
    control: object, cloud: str, method: str, words: str
) -> None:
    row = account(cloud, method)
    assert words in str(trust.instructions(row))
    assert trust.documents(row) == []
