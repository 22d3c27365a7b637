"""The parts of provisioning that act without a person, each with just what it needs."""

from __future__ import annotations

from paybill_site.kernel import actors

PROVISIONING = actors.system(
    "provisioning",
    "tenants.view_tenant",
    "tenants.view_placement",
    "tenants.claim_placement",
    "tenants.retire_placement",
    "tenants.finish_closing_tenant",
    "provisioning.view_deployment",
    "provisioning.add_deployment",
    "provisioning.view_run",
    "provisioning.queue_run",
    "provisioning.request_backup",
    "provisioning.add_stackversion",
)

RUNNER = actors.system(
    "runner",
    "tenants.view_tenant",
    "tenants.view_placement",
    "tenants.attach_placement",
    "tenants.retire_placement",
    "tenants.finish_closing_tenant",
    "provisioning.view_run",
    "provisioning.view_deployment",
    "provisioning.advance_run",
)

TERRAFORM = actors.system(
    "terraform",
    "provisioning.view_run",
    "provisioning.view_deployment",
    "provisioning.advance_run",
)

REAPER = actors.system(
    "reaper",
    "provisioning.view_run",
    "provisioning.view_deployment",
    "provisioning.advance_run",
    "provisioning.queue_run",
    "provisioning.release_state_lock",
)

CLOUDS = actors.system(
    "clouds",
    "provisioning.view_cloudaccount",
    "provisioning.test_cloudaccount",
)

CONSOLE = actors.system(
    "console",
    "provisioning.view_regopolicy",
    "provisioning.add_regopolicy",
    "provisioning.change_regopolicy",
)
