"""Terraform's own AWS provider gets in with the token's file, as the phase's role."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from provisioning import terraform
from provisioning.clouds.access import access
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.plugins import mirrors
from provisioning.states import Phase, RunState
from tests.provisioning.clouds.conftest import REGION
from tests.provisioning.conftest import queue

AWS = "registry.terraform.io/hashicorp/aws"
STACK = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

data "aws_caller_identity" "this" {}

output "who" {
  value = data.aws_caller_identity.this.arn
}
"""


@pytest.mark.slow
def test_the_provider_becomes_the_role_of_the_phase(
    deployment: Deployment, moto_address: str, tmp_path: Path
) -> None:
    served = mirrors.serve([AWS])
    if served.missing:
        pytest.skip("the AWS provider is in no mirror of this machine")
    run = applied(deployment, moto_address)
    (tmp_path / "main.tf").write_text(STACK)
    (tmp_path / "terraform.rc").write_text(served.config())
    with access(run, Phase.APPLY, tmp_path) as opened:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TF_CLI_CONFIG_FILE": str(tmp_path / "terraform.rc"),
            "CHECKPOINT_DISABLE": "1",
            **opened.environment,
        }
        tell(tmp_path, environment, "init", "-no-color")
        tell(tmp_path, environment, "apply", "-auto-approve", "-no-color")
        shown = json.loads(tell(tmp_path, environment, "output", "-json"))
    assert shown["who"]["value"] == (
        f"arn:aws:sts::123456789012:assumed-role/paybill-apply/{run.public_id}"
    )


def applied(deployment: Deployment, address: str) -> Run:
    account = CloudAccount.objects.create(
        name="Ours at AWS",
        cloud="aws",
        simulation=True,
        endpoint=address,
        method="federated",
        identities={"apply": "arn:aws:iam::123456789012:role/paybill-apply"},
        regions=[REGION],
    )
    run = queue(deployment)
    Deployment.objects.update(cloud="aws", region=REGION, account=account, fence=1)
    Run.objects.update(fence=1, state=RunState.APPLYING)
    return Run.objects.get(pk=run.pk)


def tell(folder: Path, environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [terraform.binary(), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
