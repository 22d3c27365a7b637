"""The part of the system that takes places away, with just what it needs."""

from __future__ import annotations

from paybill_site.kernel import actors

REMOVER = actors.system(
    "remover",
    "tenants.view_tenant",
    "tenants.view_placement",
    "tenants.retire_placement",
    "tenants.finish_closing_tenant",
    "provisioning.view_deployment",
    "provisioning.view_removal",
    "provisioning.view_run",
    "provisioning.begin_removal",
    "provisioning.advance_removal",
    "provisioning.view_databasecopy",
    "provisioning.advance_databasejob",
    "provisioning.request_backup",
    "provisioning.queue_run",
    "provisioning.cancel_run",
)
