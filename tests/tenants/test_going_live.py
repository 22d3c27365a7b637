"""From a claimed place to an open door, also when it breaks half-way."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.utils import timezone

from paybill_site.kernel import actors, outbox
from paybill_site.kernel.actions import Action, NoInput, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.limits import terms
from paybill_site.kernel.models import Delivery, DeliveryState, Licence
from paybill_site.kernel.planes import plane
from tenants import entitlements, handlers, journey, mails
from tenants.actions import (
    AttachInput,
    AttachPlacement,
    ClaimPlacement,
    CloseTenant,
    FinishClosing,
    ResumeTenant,
    SuspendTenant,
)
from tenants.errors import NotPooled, NoWarmPlacement
from tenants.models import Domain, Placement, Tenant
from tenants.states import PlacementState, TenantState

PROVISIONING = actors.system(
    "provisioning",
    "tenants.view_tenant",
    "tenants.claim_placement",
    "tenants.attach_placement",
    "tenants.finish_closing_tenant",
    "tenants.close_tenant",
)
BILLING = actors.system("billing", "tenants.view_tenant", "tenants.change_entitlement")
TERMS: Any = {
    "state": "active",
    "plan": "free",
    "isolation": "pooled",
    "size": "small",
    "region": "local",
    "cloud": "local",
    "retention_days": 7,
    "backup_days": 7,
    "features": {},
    "limits": {"orders": 100},
    "reason": "active",
    "ended_at": None,
}


class Entitle(Action[Tenant, NoInput, Tenant]):
    """What billing does in its own actions: write the entitlement."""

    model = Tenant
    permission = "tenants.change_entitlement"
    changed: ClassVar[dict[str, Any]] = {}

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        entitlements.write(target, **{**TERMS, **self.changed})
        return target


def entitle(tenant: Tenant, **changed: Any) -> None:
    Entitle.changed = changed
    perform(Entitle, tenant, actor=BILLING)


def drain() -> None:
    """Deliver everything, without waiting for the back-off."""
    for _ in range(5):
        Delivery.objects.filter(state="pending").update(
            next_at=timezone.now(), claimed_until=None
        )
        if not outbox.drain():
            break


def state_of(tenant: Tenant) -> str:
    tenant.refresh_from_db()
    return tenant.state


@pytest.fixture
def paid(tenant: Tenant) -> Tenant:
    entitle(tenant)
    return Tenant.objects.get(pk=tenant.pk)


def test_a_claim_leads_to_a_licensed_live_tenant(
    paid: Tenant, mailoutbox: list[Any]
) -> None:
    placement = perform(ClaimPlacement, paid, actor=PROVISIONING).result
    drain()
    assert state_of(paid) == TenantState.LIVE
    with plane(placement.place):
        held = terms(paid.public_id)
    assert held is not None
    assert (held.plan, held.limits) == ("free", {"orders": 100})
    assert [mail.subject for mail in mailoutbox] == ["Bakery is live"]
    assert Domain.objects.get(domain="bakery.localhost").tenant == placement


def test_a_second_claim_takes_no_second_place(paid: Tenant) -> None:
    first = perform(ClaimPlacement, paid, actor=PROVISIONING).result
    assert perform(ClaimPlacement, paid, actor=PROVISIONING).result == first
    assert Placement.objects.filter(tenant=paid).count() == 1


def test_an_empty_pool_says_so_and_changes_nothing(paid: Tenant) -> None:
    warm = Placement.objects.filter(state=PlacementState.WARM)
    warm.update(state=PlacementState.RETIRED)
    with pytest.raises(NoWarmPlacement) as refused:
        perform(ClaimPlacement, paid, actor=PROVISIONING)
    assert not refused.value.permanent
    assert state_of(paid) == TenantState.DRAFT


def test_a_place_of_an_older_version_is_not_claimed(paid: Tenant) -> None:
    Placement.objects.filter(state=PlacementState.WARM).update(template="older")
    with pytest.raises(NoWarmPlacement):
        perform(ClaimPlacement, paid, actor=PROVISIONING)


def test_a_tenant_with_its_own_database_takes_none_from_the_pool(
    tenant: Tenant,
) -> None:
    entitle(tenant, isolation="bridge")
    with pytest.raises(NotPooled):
        perform(ClaimPlacement, Tenant.objects.get(pk=tenant.pk), actor=PROVISIONING)


@pytest.mark.parametrize("broken", range(3))
def test_a_crash_at_any_step_leaves_a_tenant_that_gets_there(
    paid: Tenant, monkeypatch: pytest.MonkeyPatch, broken: int, mailoutbox: list[Any]
) -> None:
    """The handlers' steps: install the licence, activate, mail."""
    steps = iter(range(99))

    def crashing(function: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            if next(steps) == broken:
                raise RuntimeError("the power went out")
            return function(*args, **kwargs)

        return run

    monkeypatch.setattr(handlers, "perform", crashing(perform))
    monkeypatch.setattr(mails, "to_owners", crashing(mails.to_owners))
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    assert state_of(paid) == TenantState.LIVE
    assert len(mailoutbox) == 1
    assert not Delivery.objects.exclude(state=DeliveryState.DONE).exists()


def test_an_event_delivered_twice_changes_nothing(
    paid: Tenant, mailoutbox: list[Any]
) -> None:
    placement = perform(ClaimPlacement, paid, actor=PROVISIONING).result
    drain()
    Delivery.objects.filter(handler__endswith="open_place").update(
        state=DeliveryState.PENDING
    )
    drain()
    with plane(placement.place):
        assert Licence.objects.count() == 1
    assert len(mailoutbox) == 1


def test_a_suspended_entitlement_closes_the_doors_and_payment_opens_them(
    paid: Tenant,
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    entitle(paid, state="suspended")
    drain()
    assert state_of(paid) == TenantState.SUSPENDED
    entitle(paid)
    drain()
    assert state_of(paid) == TenantState.LIVE


def test_payment_does_not_lift_an_operators_suspension(
    paid: Tenant, operator: Any
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    perform(SuspendTenant, paid, actor=operator)
    entitle(paid, limits={"orders": 5})
    drain()
    assert state_of(paid) == TenantState.SUSPENDED


def test_a_new_place_takes_over_the_address(paid: Tenant) -> None:
    old = perform(ClaimPlacement, paid, actor=PROVISIONING).result
    drain()
    silo = AttachInput(kind="silo", base_url="http://bakery.localhost:9001", port=9001)
    new = perform(AttachPlacement, paid, silo, actor=PROVISIONING).result
    drain()
    old.refresh_from_db()
    assert old.state == PlacementState.RETIRED
    domain = Domain.objects.get(domain="bakery.localhost")
    assert (domain.tenant, domain.port) == (new, 9001)
    assert state_of(paid) == TenantState.LIVE


def test_closing_ends_with_a_free_address(paid: Tenant, owner: Any) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    perform(CloseTenant, paid, actor=owner)
    assert state_of(paid) == TenantState.CLOSING
    perform(FinishClosing, paid, actor=PROVISIONING)
    assert state_of(paid) == TenantState.CLOSED
    assert not Domain.objects.filter(domain="bakery.localhost").exists()


def test_the_steps_follow_what_happens(paid: Tenant) -> None:
    def states() -> dict[str, str]:
        return {s.name: str(s.state) for s in journey.steps(paid)}

    assert states()["Get a place of its own"] == "active"
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    paid.refresh_from_db()
    assert states()["Open the doors"] == "done"


def test_a_licence_says_that_the_doors_are_closed(paid: Tenant, operator: Any) -> None:
    placement = perform(ClaimPlacement, paid, actor=PROVISIONING).result
    drain()
    for action, state in ((SuspendTenant, "suspended"), (ResumeTenant, "active")):
        perform(action, paid, actor=operator)
        drain()
        with plane(placement.place):
            held = terms(paid.public_id)
        assert held is not None
        assert held.state == state


def test_a_tenant_whose_payment_failed_meanwhile_does_not_stay_open(
    paid: Tenant,
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    entitle(paid, state="suspended")
    drain()
    assert state_of(paid) == TenantState.SUSPENDED
