"""Rows brought to where an action fits them; taken back after each call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from agents.access import switches
from agents.models import WorkflowRun
from billing.actions import AddPromotionCode, CreateCoupon
from billing.models import Invoice, Meter, Payment, Plan, Subscription
from billing.usage.seed import seed_meters
from examples.storefront.models import Customer
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import reference
from paybill_site.kernel.workflows import registry
from provisioning.models import (
    Backup,
    CloudAccount,
    DatabaseCopy,
    DatabaseJob,
    Deployment,
    RegoPolicy,
    Removal,
    Run,
    StateLock,
    StateVersion,
)
from tenants.models import Entitlement, Placement, Tenant
from tests.flows import settled
from tests.flows.renaming import Renaming
from tests.provisioning.gates.test_rego import CASES, NO_GP2

PLAN = {"plan_sha256": "0" * 64, "plan_digest": "0" * 64}
OFFICE = actors.system(
    "office", "billing.add_coupon", "billing.add_promotioncode", "billing.view_coupon"
)
LATER = timedelta(days=9)


def put(model: type[models.Model], **values: Any) -> Callable[[], None]:
    return lambda: _put(model, values)


def _put(model: type[models.Model], values: dict[str, Any]) -> None:
    model._base_manager.update(**values)


def stopped() -> None:
    """The agents of the entered plane, for this one call."""
    switches.throw(switches.HERE, "a test", "test")


def new_code() -> None:
    """A coupon that the customer has not redeemed."""
    terms = {"name": "Again", "percent": "10"}
    coupon = perform(CreateCoupon, None, terms, actor=OFFICE).result
    perform(AddPromotionCode, coupon, {"code": "AGAIN"}, actor=OFFICE)


def entitled(**run: Any) -> Callable[[], None]:
    """The tenant may have infrastructure, and its run is where it is said to be."""

    def arrange() -> None:
        Entitlement.objects.create(
            tenant=Tenant.objects.latest("pk"),
            state="active",
            plan="business",
            isolation="silo",
            version=1,
        )
        CloudAccount.objects.update(regions=["local"])
        Run.objects.update(**run)

    return arrange


def locked() -> None:
    Run.objects.update(state="failed")
    run = Run.objects.get()
    StateLock.objects.create(
        deployment=run.deployment, run=run, lock_id="l", info={}, fence=1
    )


def canceled_long_ago() -> None:
    Deployment.objects.update(state="building")
    Run.objects.update(cancel_requested_at=timezone.now() - LATER)


def housed() -> None:
    """The place of the other tenant is this one's; nobody is at work on it."""
    tenant = Tenant.objects.latest("pk")
    tenant.state = "live"
    tenant.save()
    place = Backup.objects.latest("pk").placement
    Placement.objects.filter(pk=place.pk).update(tenant=tenant)
    DatabaseJob.objects.update(state="done")


def begun() -> tuple[str, str]:
    """A workflow of the entered plane, and a row on which it may run."""
    if planes.here().tenant:
        return "storefront.move", reference(Customer.objects.latest("pk"))
    seed_meters()
    return Renaming.name, reference(Meter.objects.latest("pk"))


def going() -> None:
    """The furnished run is one of that workflow, where it begins."""
    name, subject = begun()
    WorkflowRun.objects.update(
        workflow=name, version=registry[name].version(), subject=subject
    )


def made() -> None:
    DatabaseCopy.objects.update(made_at=timezone.now())


def with_seats() -> None:
    """A plan that is sold with seats and more agents, as it has been paid for."""
    Subscription.objects.update(
        plan=Plan.objects.get(code="team"), isolation="bridge", state="active"
    )


def drifted() -> None:
    """The last look found something changed outside."""
    entitled(state="applied")()
    Deployment.objects.update(state="ready", drift={"aws_vpc.main": ["tags"]})


def paused() -> None:
    seed_meters()
    Subscription.objects.update(state="paused")


def over() -> None:
    seed_meters()
    now = timezone.now()
    Subscription.objects.update(state="cancelled", activated_at=now, ended_at=now)
    Invoice.objects.update(state="paid")


def ending() -> None:
    later = timezone.now() + LATER
    Subscription.objects.update(cancel_at_period_end=True, ends_at=later)


ARRANGED: dict[str, Callable[[], Any]] = {
    "agent_switches_retrieve": stopped,
    "agents_release_switch": stopped,
    "billing_bill_customer": settled.due,
    "billing_cancel_subscription": settled.paid,
    "billing_discard_draft": settled.drafted,
    "billing_finalise_invoice": settled.drafted,
    "billing_pause_subscription": settled.running,
    "billing_pay_invoice": settled.with_a_card,
    "billing_refund_payment": settled.paid,
    "billing_retry_refund": settled.refused,
    "billing_void_invoice": settled.issued,
    "provisioning_adopt_drift": drifted,
    "provisioning_adopt_state": settled.rescued,
    "provisioning_removal_record": put(Removal, record="{}"),
    "provisioning_repair_drift": drifted,
    "provisioning_rollback_state": settled.older,
    "provisioning_start_rollout": settled.behind,
    "tenants_accept_invitation": settled.invited,
    "tenants_rotate_credentials": settled.bridged("live"),
    "tenants_sleep_database": settled.bridged("suspended"),
    "tenants_wake_database": settled.bridged("suspended"),
    "agents_take_step": going,
    "agents_retry_compensation": put(WorkflowRun, status="failed"),
    "billing_change_quantity": with_seats,
    "billing_extend_trial": lambda: Subscription.objects.update(
        trial_end=timezone.now()
    ),
    "billing_pay_with_sandbox": put(Payment, state="failed"),
    "billing_reactivate_subscription": over,
    "billing_redeem_code": new_code,
    "billing_resume_subscription": paused,
    "billing_set_addon": with_seats,
    "billing_change_plan": with_seats,
    "billing_undo_cancel": ending,
    "provisioning_confirm_run": entitled(**PLAN),
    "provisioning_disable_policy": put(RegoPolicy, enabled=True),
    "provisioning_discard_state": put(StateVersion, origin="rescued"),
    "provisioning_drop_copy": made,
    "provisioning_enable_policy": put(RegoPolicy, text=NO_GP2, cases=CASES),
    "provisioning_force_cancel_run": canceled_long_ago,
    "provisioning_queue_run": entitled(state="failed"),
    "provisioning_release_state_lock": locked,
    "provisioning_retry_removal": put(Removal, trouble="stuck"),
    "provisioning_retry_run": entitled(state="failed"),
    "provisioning_thaw_deployment": put(Deployment, frozen="a test"),
    "tenants_request_backup": housed,
    "tenants_subscribe": put(Subscription, state="cancelled"),
}


def arrange(name: str) -> None:
    """What the operation needs; nothing for most."""
    if name in ARRANGED:
        ARRANGED[name]()
