"""Into AWS with our identity: its own client and moto, whose STS takes any token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from provisioning.clouds.access import access
from provisioning.clouds.adapters import adapter
from provisioning.models import Deployment, Run
from provisioning.states import Phase
from tests.provisioning.clouds.conftest import (
    REGION,
    account_of,
    private,
    subject,
)
from tests.provisioning.clouds.stub import claims_of


def test_awss_own_client_becomes_the_role_of_the_phase(
    on_web_identity: Run, tmp_path: Path
) -> None:
    """As Terraform's provider does: by standard variables and the token's file."""
    with access(on_web_identity, Phase.APPLY, tmp_path) as opened:
        token = Path(opened.environment["AWS_WEB_IDENTITY_TOKEN_FILE"])
        assert private(token)
        claims = claims_of(token.read_text(), "sts.amazonaws.com")
        assert claims["sub"] == subject(on_web_identity, "apply")
        assert who(opened.environment) == (
            "arn:aws:sts::123456789012:assumed-role/paybill-apply/"
            f"{on_web_identity.public_id}"
        )
    assert not token.exists()


def who(environment: Mapping[str, str]) -> str:
    """Whom AWS takes a process for that has this environment and nothing else."""
    script = (
        "import boto3, os; sts = boto3.client('sts', os.environ['AWS_REGION']);"
        "print(sts.get_caller_identity()['Arn'], end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_plan_and_apply_are_not_the_same_identity(
    on_web_identity: Run, tmp_path: Path
) -> None:
    with access(on_web_identity, Phase.PLAN, tmp_path) as opened:
        assert opened.environment["AWS_ROLE_ARN"].endswith("/paybill-plan")
    with access(on_web_identity, Phase.APPLY, tmp_path) as opened:
        assert opened.environment["AWS_ROLE_ARN"].endswith("/paybill-apply")


def test_a_simulation_needs_only_the_standard_variables(
    on_aws: Deployment, tmp_path: Path, moto_address: str
) -> None:
    run = Run(deployment=on_aws)
    with access(run, Phase.APPLY, tmp_path) as opened:
        assert dict(opened.environment) == {
            "AWS_ENDPOINT_URL": moto_address,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        assert opened.secrets == ()


def test_each_identity_of_an_account_is_tried(on_web_identity: Run) -> None:
    said = adapter("aws").attempt(account_of(on_web_identity))
    assert "plan: arn:aws:sts::123456789012:assumed-role/paybill-plan/" in said
    assert "read: arn:aws:sts::123456789012:assumed-role/paybill-read/" in said
