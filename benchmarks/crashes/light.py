"""A light stack for the simulated AWS, and what of it moto says exists.

The whole silo waits minutes for RDS, whose waiting is the provider's own; what matters
for a crash is the same in things that are made at once.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import boto3

from provisioning import stacks
from provisioning.models import CloudAccount, Deployment

HERE = Path(__file__).resolve().parent / "stacks"
SHARED = ("variables.tf", "versions.tf")  # the real stack's
WHOLE = ("bucket", "log group", "secret", "topic")


def install() -> None:
    """Let light stacks be found in the place of the real ones."""
    real = stacks.Stack.files

    def files(stack: stacks.Stack) -> dict[str, str]:
        folder = HERE / stack.name
        if not folder.is_dir():
            return real(stack)
        own = {file.name: file.read_text() for file in sorted(folder.glob("*.tf"))}
        return {**{name: real(stack)[name] for name in SHARED}, **own}

    stacks.Stack.files = files  # type: ignore[assignment,method-assign]


def account(local: Path) -> CloudAccount:
    """The simulated account of an installation."""
    port = json.loads((local / "ports.json").read_text())["aws"]
    found, _ = CloudAccount.objects.update_or_create(
        name="Simulated AWS",
        defaults={
            "cloud": "aws",
            "simulation": True,
            "endpoint": f"http://127.0.0.1:{port}",
            "method": "none",
            "regions": ["eu-central-1"],
            "details": {"subnet_group": "shared", "security_group": "sg-1"},
        },
    )
    return found


def client(deployment: Deployment, service: str) -> Any:
    """An ordinary client of the account's simulator."""
    account = deployment.account
    return boto3.client(
        service,
        deployment.region,
        endpoint_url=account.endpoint if account else None,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - a simulator lets anybody in
    )


def things(deployment: Deployment) -> Counter[str]:
    """What exists under the deployment's own name, asked of each service."""
    name = f"pb-{deployment.tenant.public_id[4:]}-g{deployment.generation}"
    buckets = client(deployment, "s3").list_buckets()["Buckets"]
    groups = client(deployment, "logs").describe_log_groups(logGroupNamePrefix=name)
    secrets = client(deployment, "secretsmanager").list_secrets(MaxResults=100)
    topics = client(deployment, "sns").list_topics()["Topics"]
    found = Counter(
        {
            "bucket": sum(one["Name"] == name for one in buckets),
            "log group": len(groups["logGroups"]),
            "secret": sum(one["Name"] == name for one in secrets["SecretList"]),
            "topic": sum(one["TopicArn"].endswith(f":{name}") for one in topics),
        }
    )
    return +found
