"""AWS: entered by web identity, listed by tag."""

from __future__ import annotations

from provisioning.clouds.aws.children import child_id
from provisioning.clouds.aws.entering import access, attempt
from provisioning.clouds.aws.listing import AwsInventory as inventory
from provisioning.clouds.aws.secrets import read_secret

__all__ = ["access", "attempt", "child_id", "inventory", "read_secret"]
