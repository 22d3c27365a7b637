"""From a plan to a subscription in force, and everything that can go wrong."""

from __future__ import annotations

import pytest

from billing.actions import MarkInvoicePaid, Subscribe, VoidInvoice
from billing.errors import (
    AlreadyPaid,
    AlreadySubscribed,
    NotADraft,
    NotPayable,
    PartlyPaid,
    ReferenceUsed,
    RegionNotOffered,
)
from billing.models import Invoice, Payment, Plan, Subscription
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, NotFound
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from tenants.models import Entitlement, Tenant
from tests.billing.desk import only_open, pay_in_full, sell


def sent(name: str) -> int:
    return OutboxEvent.objects.filter(name=name).count()


def test_a_paid_plan_waits_for_its_first_payment(
    unpaid: Subscription, basic: Plan
) -> None:
    invoice = only_open(unpaid)
    assert (unpaid.state, invoice.total, invoice.kind) == ("incomplete", 3000, "start")
    assert invoice.number == "2026-000001"
    assert [line.amount for line in invoice.lines.all()] == [3000]
    assert not Entitlement.objects.filter(tenant=unpaid.tenant).exists()
    assert sent("billing.invoice_opened") == 1
    assert sent("billing.subscription_activated") == 0


def test_payment_activation_entitlement_event_and_audit_come_together(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    perform(MarkInvoicePaid, invoice, {"reference": "bank 1"}, actor=operator)
    unpaid.refresh_from_db()
    granted = Entitlement.objects.get(tenant=unpaid.tenant)
    assert unpaid.state == "active"
    assert (unpaid.period_end.month, unpaid.period_end.day) == (2, 28)
    assert (granted.state, granted.plan, granted.region) == ("active", "basic", "local")
    assert (granted.limits, granted.version) == ({"agents": 5}, 1)
    assert sent("billing.subscription_activated") == 1
    assert sent("tenants.entitlement_changed") == 1
    entry = AuditEntry.objects.get(action="billing.mark_invoice_paid")
    assert (entry.chain, entry.outcome) == (unpaid.tenant.public_id, "done")


def test_a_free_plan_is_in_force_at_once_without_an_invoice(
    tenant: Tenant, owner: Actor, free: Plan
) -> None:
    outcome = perform(Subscribe, tenant, {"plan": "starter"}, actor=owner)
    assert outcome.output["state"] == "active"
    assert outcome.output["invoice"] == ""
    assert not Invoice.objects.exists()
    assert sent("billing.subscription_activated") == 1


def test_a_partial_payment_leaves_the_invoice_open(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    part = {"reference": "bank 1", "amount": 1000}
    output = perform(MarkInvoicePaid, invoice, part, actor=operator).output
    assert (output["invoice_state"], output["outstanding"]) == ("open", 2000)
    pay_in_full(invoice, "bank 3")
    unpaid.refresh_from_db()
    assert (invoice.state, unpaid.state) == ("paid", "active")


def test_what_is_paid_too_much_goes_to_the_balance(
    unpaid: Subscription, operator: Actor
) -> None:
    more = {"reference": "bank 2", "amount": 3001}
    output = perform(MarkInvoicePaid, only_open(unpaid), more, actor=operator).output
    unpaid.customer.refresh_from_db()
    assert (output["invoice_state"], unpaid.customer.balance) == ("paid", 1)


def test_the_same_transfer_is_recorded_once(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    part = {"reference": "bank 1", "amount": 1000}
    perform(MarkInvoicePaid, invoice, part, actor=operator)
    with pytest.raises(ReferenceUsed):
        perform(MarkInvoicePaid, invoice, part, actor=operator)
    assert Payment.objects.count() == 1


def test_a_repeat_with_the_same_key_changes_nothing(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice, transfer = only_open(unpaid), {"reference": "bank 1"}
    once = perform(MarkInvoicePaid, invoice, transfer, actor=operator, key="k")
    again = perform(MarkInvoicePaid, invoice, transfer, actor=operator, key="k")
    assert again.repeated
    assert again.result == once.result
    assert sent("billing.subscription_activated") == 1


def test_a_paid_invoice_is_not_paid_again(
    subscription: Subscription, operator: Actor
) -> None:
    invoice = subscription.invoices.get()
    with pytest.raises(AlreadyPaid):
        perform(MarkInvoicePaid, invoice, {"reference": "late"}, actor=operator)


def test_choosing_the_same_again_is_no_second_invoice(
    unpaid: Subscription, owner: Actor
) -> None:
    again = perform(Subscribe, unpaid.tenant, {"plan": "basic"}, actor=owner).result
    assert again == unpaid
    assert Invoice.objects.count() == 1


def test_another_choice_before_payment_replaces_the_first(
    unpaid: Subscription, owner: Actor, pro: Plan
) -> None:
    old = only_open(unpaid)
    new = perform(Subscribe, unpaid.tenant, {"plan": "pro"}, actor=owner).result
    old.refresh_from_db()
    unpaid.refresh_from_db()
    assert (old.state, unpaid.state) == ("void", "cancelled")
    assert only_open(new).total == 9000
    assert only_open(new).number == "2026-000002"
    assert sent("billing.subscription_ended") == 0


def test_money_that_came_in_holds_the_choice(
    unpaid: Subscription, owner: Actor, operator: Actor, pro: Plan
) -> None:
    part = {"reference": "bank 1", "amount": 1000}
    perform(MarkInvoicePaid, only_open(unpaid), part, actor=operator)
    with pytest.raises(PartlyPaid):
        perform(Subscribe, unpaid.tenant, {"plan": "pro"}, actor=owner)


def test_a_tenant_has_one_subscription(
    subscription: Subscription, owner: Actor, pro: Plan
) -> None:
    with pytest.raises(AlreadySubscribed):
        perform(Subscribe, subscription.tenant, {"plan": "pro"}, actor=owner)


def test_a_tenant_that_was_in_use_is_not_subscribed_anew(
    live_tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    with pytest.raises(NotADraft):
        perform(Subscribe, live_tenant, {"plan": "basic"}, actor=owner)


def test_a_region_that_the_plan_has_not_is_refused(
    tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    choice = {"plan": "basic", "region": "moon"}
    with pytest.raises(RegionNotOffered, match="north"):
        perform(Subscribe, tenant, choice, actor=owner)


def test_a_trial_is_in_force_unpaid_and_there_is_one_for_each_account(
    tenant: Tenant, owner: Actor, turn: object
) -> None:
    sell("tried", 3000, trial_days=14)
    trial = perform(Subscribe, tenant, {"plan": "tried"}, actor=owner).result
    assert trial.state == "trialing"
    assert (trial.period_end - trial.period_start).days == 14
    assert Entitlement.objects.get(tenant=tenant).state == "trial"
    another = Tenant.objects.create(
        account=tenant.account, name="B", slug="second", slug_skeleton="second"
    )
    second = perform(Subscribe, another, {"plan": "tried"}, actor=owner).result
    assert second.state == "incomplete"


def test_who_does_not_pay_in_the_account_does_not_subscribe(
    tenant: Tenant, teammate: Actor, outsider: Actor, agent: Actor, basic: Plan
) -> None:
    with pytest.raises(Forbidden):
        perform(Subscribe, tenant, {"plan": "basic"}, actor=teammate)
    for stranger in (outsider, agent):
        with pytest.raises(NotFound):
            perform(Subscribe, tenant, {"plan": "basic"}, actor=stranger)


def test_customers_do_not_mark_their_invoices_paid(
    unpaid: Subscription, owner: Actor
) -> None:
    with pytest.raises(Forbidden):
        perform(MarkInvoicePaid, only_open(unpaid), {"reference": "x"}, actor=owner)


def test_taking_back_the_first_invoice_withdraws_the_choice(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    perform(VoidInvoice, invoice, actor=operator)
    unpaid.refresh_from_db()
    assert unpaid.state == "cancelled"
    with pytest.raises(NotPayable):
        perform(MarkInvoicePaid, invoice, {"reference": "late"}, actor=operator)


def test_a_dry_run_shows_the_amount_and_uses_no_number(
    tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    shown = rehearse(Subscribe, tenant, {"plan": "basic"}, actor=owner)
    assert shown.output["amount_due"] == 3000
    assert [event["name"] for event in shown.events] == ["billing.invoice_opened"]
    assert not Invoice.objects.exists()
    outcome = perform(Subscribe, tenant, {"plan": "basic"}, actor=owner)
    assert only_open(outcome.result).sequence == 1
