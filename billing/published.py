"""What accounts can be told of their subscriptions, invoices and payments."""

from __future__ import annotations

from pydantic import Field

from billing.events import (
    CreditNoteIssued,
    DisputeChanged,
    InvoiceEvent,
    InvoiceOpened,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceVoided,
    MethodAdded,
    MethodEvent,
    MethodRemoved,
    PaymentEvent,
    PaymentFailed,
    PaymentNeedsConfirmation,
    PaymentSucceeded,
    PlanChanged,
    SubscriptionActivated,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionInGrace,
    SubscriptionPastDue,
    SubscriptionPaused,
    SubscriptionReactivated,
    SubscriptionRestored,
    SubscriptionResumed,
    SubscriptionSuspended,
    TrialEnded,
    UsageLimitNear,
)
from billing.models import Invoice, Payment, PaymentMethod, Subscription
from tenants.hooks import Fact, publishes
from tenants.models import Account


class SubscriptionFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    subscription: str = Field(description="public id of the subscription")
    state: str = Field(description="trialing, active, past_due, suspended, ended ...")
    plan: str = Field(description="code of the plan")
    version: int = Field(
        description="of the entitlement written with the change; 0 where none was"
    )


class InvoiceFact(Fact):
    invoice: str = Field(description="public id of the invoice")
    number: str = Field(description="as it is printed; empty for a draft")
    state: str = Field(description="open, paid, uncollectible, void")
    tenant: str = Field(description="public id; empty where lines are of several")


class LimitFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    meter: str = Field(description="code of the meter")
    percent: int = Field(description="of the limit: 80 or 100")


class CreditNoteFact(InvoiceFact):
    credit_note: str = Field(description="public id of the credit note")


class OverdueFact(InvoiceFact):
    step: str = Field(description="the step of dunning that was taken")


class PaymentFact(Fact):
    payment: str = Field(description="public id of the payment")
    invoice: str = Field(description="public id of the invoice that it is for")
    state: str = Field(description="the payment's state")


class FailureFact(PaymentFact):
    number: int = Field(description="which attempt for this invoice it was")
    hard: bool = Field(description="whether the same method can never do")


class DisputeFact(PaymentFact):
    dispute: str = Field(description="public id of the dispute")
    dispute_state: str = Field(description="where the payer's bank is with it")


class MethodFact(Fact):
    method: str = Field(description="public id of the payment method")
    kind: str = Field(description="card, sepa_debit ...")
    state: str = Field(description="the method's state")


def subscription(event: SubscriptionEvent) -> SubscriptionFact:
    """Which subscription, its state and plan."""
    rows = Subscription.objects.select_related("tenant__account", "plan")
    row = rows.get(public_id=event.subscription)
    return SubscriptionFact(
        account=row.tenant.account.public_id,
        tenant=row.tenant.public_id,
        subscription=row.public_id,
        state=row.state,
        plan=row.plan.code,
        version=event.version,
    )


def invoice(event: InvoiceEvent) -> InvoiceFact:
    """Which invoice, and its state."""
    row = _invoice(event)
    return InvoiceFact(**_about(row))


def credit_note(event: CreditNoteIssued) -> CreditNoteFact:
    """The invoice as it is after the note."""
    return CreditNoteFact(**_about(_invoice(event)), credit_note=event.note)


def overdue(event: InvoiceOverdue) -> OverdueFact:
    return OverdueFact(**_about(_invoice(event)), step=event.step)


def payment(event: PaymentSucceeded | PaymentNeedsConfirmation) -> PaymentFact:
    return PaymentFact(**_of_payment(event))


def failure(event: PaymentFailed) -> FailureFact:
    """Why it failed stays with the payment: it is the customer's bank's word."""
    return FailureFact(**_of_payment(event), number=event.number, hard=event.hard)


def dispute(event: DisputeChanged) -> DisputeFact:
    about = _of_payment(event)
    return DisputeFact(**about, dispute=event.dispute, dispute_state=event.state)


def method(event: MethodEvent) -> MethodFact:
    rows = PaymentMethod.objects.select_related("customer__account")
    row = rows.get(public_id=event.method)
    return MethodFact(
        account=row.customer.account.public_id,
        method=row.public_id,
        kind=row.kind,
        state=row.state,
    )


def _of_payment(event: PaymentEvent | DisputeChanged) -> dict[str, str]:
    rows = Payment.objects.select_related("customer__account", "invoice")
    row = rows.get(public_id=event.payment)
    return {
        "account": row.customer.account.public_id,
        "payment": row.public_id,
        "invoice": row.invoice.public_id,
        "state": row.state,
    }


def limit(event: UsageLimitNear) -> LimitFact:
    """Which tenant, and how much of which limit."""
    account = Account.objects.get(tenants__public_id=event.tenant)
    return LimitFact(
        account=account.public_id,
        tenant=event.tenant,
        meter=event.meter,
        percent=event.percent,
    )


def _invoice(event: InvoiceEvent) -> Invoice:
    rows = Invoice.objects.select_related("customer__account", "tenant")
    return rows.get(public_id=event.invoice)


def _about(row: Invoice) -> dict[str, str]:
    return {
        "account": row.customer.account.public_id,
        "invoice": row.public_id,
        "number": row.number or "",
        "state": row.state,
        "tenant": row.tenant.public_id if row.tenant else "",
    }


publishes(SubscriptionActivated, "subscription.activated", subscription)
publishes(TrialEnded, "subscription.trial_ended", subscription)
publishes(PlanChanged, "subscription.changed", subscription)
publishes(SubscriptionPastDue, "subscription.past_due", subscription)
publishes(SubscriptionInGrace, "subscription.in_grace", subscription)
publishes(SubscriptionSuspended, "subscription.suspended", subscription)
publishes(SubscriptionRestored, "subscription.restored", subscription)
publishes(SubscriptionPaused, "subscription.paused", subscription)
publishes(SubscriptionResumed, "subscription.resumed", subscription)
publishes(SubscriptionReactivated, "subscription.reactivated", subscription)
publishes(SubscriptionEnded, "subscription.ended", subscription)
publishes(InvoiceOpened, "invoice.opened", invoice)
publishes(InvoicePaid, "invoice.paid", invoice)
publishes(InvoiceVoided, "invoice.voided", invoice)
publishes(CreditNoteIssued, "credit_note.issued", credit_note)
publishes(InvoiceOverdue, "invoice.overdue", overdue)
publishes(PaymentSucceeded, "payment.succeeded", payment)
publishes(PaymentNeedsConfirmation, "payment.needs_confirmation", payment)
publishes(PaymentFailed, "payment.failed", failure)
publishes(DisputeChanged, "dispute.changed", dispute)
publishes(MethodAdded, "payment_method.added", method)
publishes(MethodRemoved, "payment_method.removed", method)
publishes(UsageLimitNear, "usage.limit_near", limit)
