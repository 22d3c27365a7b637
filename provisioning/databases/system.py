"""The parts that care for databases without a person."""

from __future__ import annotations

from paybill_site.kernel import actors

WORKER = actors.system(
    "databases",
    "tenants.view_tenant",
    "tenants.suspend_tenant",
    "tenants.resume_tenant",
    "tenants.view_placement",
    "tenants.follow_database",
    "provisioning.view_backup",
    "provisioning.view_databasejob",
    "provisioning.view_databasecopy",
    "provisioning.view_database",
    "provisioning.advance_databasejob",
)

SWEEP = actors.system(
    "database sweep",
    "tenants.view_tenant",
    "tenants.view_placement",
    "tenants.resume_tenant",
    "provisioning.view_backup",
    "provisioning.view_databasejob",
    "provisioning.view_databasecopy",
    "provisioning.view_database",
    "provisioning.advance_databasejob",
    "provisioning.request_backup",
    "provisioning.drill_backup",
    "provisioning.expire_backup",
    "provisioning.drop_databasecopy",
    "provisioning.measure_database",
)
