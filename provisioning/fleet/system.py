"""The part of the system that upgrades fleets, with just what it needs."""

from __future__ import annotations

from paybill_site.kernel import actors

FLEET = actors.system(
    "fleet",
    "tenants.view_tenant",
    "provisioning.view_deployment",
    "provisioning.view_rollout",
    "provisioning.view_rolloutitem",
    "provisioning.advance_rollout",
)
