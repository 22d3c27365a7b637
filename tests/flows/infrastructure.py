"""One of everything that provisioning has, for doors that name one."""

from __future__ import annotations

from django.utils import timezone

from provisioning.models import (
    Backup,
    CloudAccount,
    Database,
    DatabaseCopy,
    DatabaseJob,
    Deployment,
    Product,
    ProductNotice,
    RegoPolicy,
    Removal,
    Rollout,
    Run,
    RunPhase,
    RunRules,
    StackVersion,
    StateVersion,
)
from provisioning.states import Phase
from tenants.models import Placement, Tenant


def furnish(tenant: Tenant, housed: Tenant) -> None:
    """Infrastructure of a tenant; databases of one that has a place."""
    account = CloudAccount.objects.create(name="Cloud", cloud="aws", regions=["x"])
    deployment = Deployment.objects.create(tenant=tenant, kind="silo", account=account)
    run = Run.objects.create(deployment=deployment, operation="apply", trigger="t1")
    RunPhase.objects.bulk_create(RunPhase(run=run, name=name) for name in Phase)
    StateVersion.objects.create(
        deployment=deployment,
        run=run,
        serial=1,
        lineage="l",
        md5="0" * 32,
        content=b"{}",
    )
    stack = StackVersion.objects.create(name="aws/silo", digest="0" * 64, files={})
    Rollout.objects.create(target=stack)
    RunRules.objects.get_or_create()
    RegoPolicy.objects.create(name="ours", text="package paybill", cases=[])
    _databases(Placement.objects.get(tenant=housed, state="taken"), housed)
    Removal.objects.create(tenant=tenant, deployment=deployment)
    product = Product.objects.create(
        code="notebook", name="Notebook", address="https://x.example", secret="s"
    )
    ProductNotice.objects.create(
        product=product, tenant=tenant, kind="created", sequence=1, key="k"
    )


def _databases(place: Placement, tenant: Tenant) -> None:
    of = {"tenant": tenant, "placement": place}
    backup = Backup.objects.create(**of, reason="asked", trigger="b1")
    DatabaseJob.objects.create(**of, kind="backup", backup=backup)
    DatabaseCopy.objects.create(
        **of,
        purpose="copy",
        schema_name="c_1",
        backup=backup,
        expires_at=timezone.now(),
    )
    Database.objects.create(placement=place)
