"""What changed at the cloud without Terraform, as the last look found it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from provisioning.models import Deployment


def note(deployment: Deployment, found: list[dict[str, Any]]) -> None:
    """Keep what a look found, masked: address, type, actions, before, after."""
    deployment.drift = {"resources": found} if found else {}
    deployment.drift_seen_at = timezone.now()
    deployment.save(update_fields=["drift", "drift_seen_at"])
