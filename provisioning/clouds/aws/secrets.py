"""Secrets that AWS keeps for a deployment."""

from __future__ import annotations

from provisioning.clouds.aws.entering import Entrance, told
from provisioning.models import Deployment


def read_secret(deployment: Deployment, reference: str) -> str:
    """The newest value of a secret in Secrets Manager. Raises CloudFailed."""
    client = Entrance.to(deployment).client("secretsmanager", deployment.region)
    with told("read a secret"):
        return str(client.get_secret_value(SecretId=reference)["SecretString"])
