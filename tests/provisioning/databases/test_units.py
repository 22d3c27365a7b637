"""Databases that Terraform made on this machine, cared for between its runs."""

from __future__ import annotations

import pytest

from provisioning.actions import RestoreInPlace, RotateCredentials
from provisioning.models import Deployment
from tenants.models import Placement
from tests.provisioning.conftest import Entitle
from tests.provisioning.databases.conftest import (
    add_customers,
    asked,
    back_up,
    customers,
    done,
    tables,
)
from tests.provisioning.test_bridge import built

pytestmark = [pytest.mark.usefixtures("machine"), pytest.mark.slow]


def test_a_bridge_is_applied_again_after_a_rotation_and_a_restore(
    web: str, entitle: Entitle
) -> None:
    deployment = entitle("bridge")
    built(deployment)
    tenant = deployment.tenant
    add_customers(tenant, "Ada")
    backup = back_up(tenant)
    add_customers(tenant, "Late")
    done(asked(RotateCredentials, tenant))
    done(asked(RestoreInPlace, backup))
    assert customers(tenant) == ["Ada"]
    before = Placement.objects.get(tenant=tenant)
    built(Deployment.objects.get(pk=deployment.pk))
    after = Placement.objects.get(tenant=tenant)
    assert (after.pk, after.dsn) == (before.pk, before.dsn)
    assert customers(tenant) == ["Ada"]


def test_a_silo_on_this_machine_is_backed_up_and_restored(
    web: str, entitle: Entitle
) -> None:
    deployment = entitle("silo")
    built(deployment)
    tenant = deployment.tenant
    backup = back_up(tenant)
    assert backup.manifest["tables"] == tables(tenant)
    done(asked(RestoreInPlace, backup))
    restored = tables(tenant)
    for table in ("auth_permission", "accounts_user", "storefront_customer"):
        assert restored[table] == backup.manifest["tables"][table]
