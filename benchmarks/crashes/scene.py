"""Tenants with infrastructure of their own, and the operator who looks after them."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from benchmarks.crashes import light
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from provisioning import reaper, tasks
from provisioning.actions import ConfirmRun, PrepareDeployment, QueueRun, RetryRun
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.runner.patience import AWAY
from provisioning.states import ACTIVE, DeploymentState, Operation, RunState
from provisioning.system import PROVISIONING
from tenants import slugs
from tenants.models import Account, Entitlement, Membership, Tenant
from tenants.states import EntitlementState, Role, TenantState

EMAIL = "crash@example.com"
NUMBERS = itertools.count(1)
REGIONS = {"local": "local", "google": "europe-west3", "aws": "eu-central-1"}
GOOGLE = {
    "project": "paybill",
    "network": "projects/paybill/global/networks/shared",
    "reader": "serviceAccount:reader@paybill.iam.gserviceaccount.com",
}


def operator() -> Actor:
    """A person who may everything and asked for nothing."""
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(
        EMAIL, os.urandom(16).hex(), name="Crash", is_staff=True, is_superuser=True
    )
    return actors.of_user(user, via="session")


def deploy(cloud: str, kind: str = "bridge") -> Deployment:
    """A paying tenant's deployment of which nothing was made yet."""
    if cloud == "google":
        facts = {"details": GOOGLE, "regions": [REGIONS[cloud]], "method": "none"}
        CloudAccount.objects.get_or_create(
            cloud=cloud,
            defaults={"name": "Simulated Google", "simulation": True, **facts},
        )
    if cloud == "aws" and not CloudAccount.objects.filter(cloud=cloud).exists():
        light.account(Path(settings.PAYBILL_LOCAL))
    slug = f"crash-{os.getpid()}-{next(NUMBERS)}"
    person = operator()
    account = Account.objects.create(name=slug, created_by=person.id)
    Membership.objects.create(
        account=account, user=person.id, email=EMAIL, role=Role.OWNER
    )
    tenant = Tenant.objects.create(
        account=account, slug=slug, slug_skeleton=slugs.skeleton(slug), name=slug
    )
    Entitlement.objects.create(
        tenant=tenant,
        state=EntitlementState.ACTIVE,
        plan="team",
        isolation=kind,
        cloud=cloud,
        region=REGIONS[cloud],
        size="small",
        version=1,
    )
    made: Deployment = perform(PrepareDeployment, tenant, actor=PROVISIONING).result
    return made


def close(deployment: Deployment) -> None:
    """The tenant leaves: what it has may be destroyed from now on."""
    Tenant.objects.filter(pk=deployment.tenant_id).update(state=TenantState.CLOSING)
    Entitlement.objects.filter(tenant=deployment.tenant_id).update(
        state=EntitlementState.ENDED
    )


def queue(deployment: Deployment, operation: Operation) -> Run:
    deployment.refresh_from_db()
    run: Run = perform(
        QueueRun, deployment, {"operation": operation.value}, actor=PROVISIONING
    ).result
    return run


class Keeper:
    """Looks after a deployment as an operator does: confirms plans, retries by hand."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.actor = deployment, operator()
        self.by_hand: list[str] = []  # what runs said that were retried by hand

    def turn(self) -> None:
        """One look at everything; what beat and an operator would do."""
        try:
            self._turn()
        except AWAY:  # a story in which the database restarts
            close_old_connections()

    def _turn(self) -> None:
        reaper.reap()
        last = self.deployment.runs.order_by("-id").first()
        if last is None:
            return
        if last.state == RunState.WAITING:
            shown = {"plan_sha256": last.plan_sha256, "plan_digest": last.plan_digest}
            self._try(ConfirmRun, last, shown)
        bad = last.is_final and last.state != RunState.APPLIED
        if bad and self._try(RetryRun, last, {}):
            said = f"{last.operation} {last.state}: {last.explanation}"
            self.by_hand.append(said)
        waits = last.state in {RunState.PENDING, RunState.CONFIRMED}
        if waits and last.lease_until is None:
            tasks.wake(last.public_id)

    def _try(self, action: Any, run: Run, data: Any) -> bool:
        try:
            perform(action, run, data, actor=self.actor)
        except PaybillError:
            return False
        return True

    def is_over(self) -> bool:
        """Nothing is under way, and the last run did what it was for."""
        self.turn()
        try:
            return self._is_over()
        except AWAY:
            return False

    def _is_over(self) -> bool:
        self.deployment.refresh_from_db()
        if self.deployment.runs.filter(state__in=ACTIVE).exists():
            return False
        last = self.deployment.runs.order_by("-id").first()
        return last is not None and last.state == RunState.APPLIED

    def gone(self) -> bool:
        return self.is_over() and self.deployment.state == DeploymentState.GONE
