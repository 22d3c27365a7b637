"""This room's steps on the way to a live tenant: the plan, and the first payment."""

from __future__ import annotations

from django.urls import reverse

from billing.models import Invoice, Subscription
from billing.states import InvoiceKind, InvoiceState, PaymentState
from tenants.journey import Step, StepState, step_source
from tenants.models import Tenant


@step_source(10)
def plan_and_payment(tenant: Tenant) -> list[Step]:
    """What was chosen, and whether the first invoice is paid."""
    subscription = tenant.subscriptions.select_related("plan").first()
    if subscription is None:
        return [_choose(tenant)]
    chosen = Step(
        name=f"Choose a plan: {subscription.plan.name}",
        state=StepState.DONE,
        finished=subscription.created_at,
    )
    first = subscription.invoices.filter(kind=InvoiceKind.START).first()
    return [chosen] if first is None else [chosen, _pay(subscription, first)]


def _choose(tenant: Tenant) -> Step:
    return Step(
        name="Choose a plan",
        state=StepState.ACTIVE,
        action_label="Choose a plan",
        action_url=f"{reverse('billing:plans')}?tenant={tenant.public_id}",
    )


def _pay(subscription: Subscription, invoice: Invoice) -> Step:
    state, detail = _payment(invoice)
    waits = invoice.state == InvoiceState.OPEN
    return Step(
        name="Payment",
        state=state,
        started=invoice.opened_at,
        finished=invoice.paid_at,
        detail=detail,
        action_label="Pay" if waits else "",
        action_url=reverse("billing:pay", args=[invoice.public_id]) if waits else "",
    )


def _payment(invoice: Invoice) -> tuple[StepState, str]:
    if invoice.state == InvoiceState.PAID:
        return StepState.DONE, ""
    if invoice.state != InvoiceState.OPEN:
        return StepState.FAILED, f"Invoice {invoice.number} is not open any more."
    last = invoice.payments.first()
    if last is not None and last.state == PaymentState.FAILED:
        return StepState.FAILED, last.failure
    return StepState.ACTIVE, f"Invoice {invoice.number} is open."
