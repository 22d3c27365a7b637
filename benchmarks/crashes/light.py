"""A light stack for the simulated AWS, and what of it moto says exists.

The whole silo waits minutes for RDS, whose waiting is the provider's own; what matters
for a crash is the same in things that are made at once.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3

from provisioning.models import Deployment

WHOLE = ("bucket", "log group", "secret", "table")


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
    """What exists under the deployment's own name."""
    body = deployment.tenant.public_id.removeprefix("ten_")
    name = f"pb-{body}-g{deployment.generation}"
    found = Counter[str]()
    buckets = client(deployment, "s3").list_buckets()["Buckets"]
    found["bucket"] = sum(one["Name"] == name for one in buckets)
    groups = client(deployment, "logs").describe_log_groups(logGroupNamePrefix=name)
    found["log group"] = len(groups["logGroups"])
    secrets = client(deployment, "secretsmanager").list_secrets()["SecretList"]
    found["secret"] = sum(one["Name"] == name for one in secrets)
    tables = client(deployment, "dynamodb").list_tables()["TableNames"]
    found["table"] = sum(one == name for one in tables)
    return +found
