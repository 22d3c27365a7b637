"""What a subscription goes through: module functions that actions are made of.

Each one moves the state, writes the entitlement and emits the event in the open
transaction, and ends with ``agenda.reschedule``. None of them asks who is acting:
that was decided before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from billing import agenda, clock, dunning, invoicing, transitions
from billing.errors import NotDue
from billing.events import InvoiceOverdue, PlanChanged
from billing.models import Invoice, Plan, Subscription
from billing.rating import periods
from billing.rating.lines import Charge
from billing.rating.periods import Period
from billing.states import OWING, InvoiceKind, SubscriptionState
from billing.transitions import grant as grant  # noqa: PLC0414 - its public name
from paybill_site.kernel import events


def activate(subscription: Subscription, *, reason: str) -> None:
    """Bring a subscription into force: its first period starts now."""
    now = clock.now()
    _count_from(subscription, now)
    _enter(subscription, 0)
    _begin(subscription, SubscriptionState.ACTIVE, reason)


def begin_trial(subscription: Subscription) -> None:
    """Bring a subscription into force unpaid; the paid periods count from its end."""
    now = clock.now()
    _count_from(subscription, now + timedelta(days=subscription.plan.trial_days))
    subscription.period_start, subscription.period_end = now, subscription.anchor
    _begin(subscription, SubscriptionState.TRIALING, "trial")


def _begin(subscription: Subscription, state: SubscriptionState, reason: str) -> None:
    subscription.activated_at = clock.now()
    transitions.move(subscription, state, reason=reason)
    agenda.reschedule(subscription)


def renew(subscription: Subscription) -> None:
    """Close the period that is over: end, or start and bill the next. Raises NotDue."""
    if subscription.period_end > clock.now():
        raise NotDue
    if subscription.cancel_at_period_end:
        end(subscription, reason="cancelled to the end of the period")
        return
    for offer in invoicing.open_invoices(subscription, InvoiceKind.CHANGE):
        if not offer.paid:
            invoicing.void(offer, reason="its period is over")
    if subscription.next_plan is not None:
        _take_plan(subscription, subscription.next_plan)
    _enter(subscription, subscription.period_index + 1)
    if not subscription.plan.free:
        _bill_period(subscription)
    if subscription.state == SubscriptionState.TRIALING:
        transitions.move(subscription, SubscriptionState.ACTIVE, reason="trial is over")
    agenda.reschedule(subscription)


def _bill_period(subscription: Subscription) -> None:
    plan, period = subscription.plan, subscription.period
    last = period.end - timedelta(seconds=1)
    words = f"{plan.name}, {period.start:%d %b %Y} to {last:%d %b %Y}"
    charge = Charge(unit_amount=plan.price, currency=plan.currency)
    invoicing.issue_items(
        subscription, InvoiceKind.RENEWAL, plan, period, [(words, charge)]
    )


def change_plan(subscription: Subscription, plan: Plan) -> None:
    """Take another plan from this moment on."""
    _take_plan(subscription, plan)
    agenda.reschedule(subscription)


def _take_plan(subscription: Subscription, plan: Plan) -> None:
    if plan.every != subscription.plan.every:
        _count_from(subscription, subscription.period_end)
    subscription.plan, subscription.next_plan = plan, None
    transitions.say(PlanChanged, subscription, grant(subscription))


def dun(subscription: Subscription) -> None:
    """Take the next step against an unpaid renewal. Raises NotDue."""
    step = dunning.next_step(subscription.state)
    unpaid = agenda.overdue_first(subscription)
    if step is None or unpaid is None or unpaid.due_at is None:
        raise NotDue
    if unpaid.due_at + step.after > clock.now():
        raise NotDue
    reason = f"{unpaid.number} is not paid"
    events.emit(InvoiceOverdue(**unpaid.named, step=str(step.state)))
    if step.state == SubscriptionState.CANCELLED:
        end(subscription, reason=reason)
        return
    transitions.move(subscription, step.state, reason=reason)
    agenda.reschedule(subscription)


def settle_up(subscription: Subscription) -> None:
    """Open everything again once no renewal is overdue any more."""
    if subscription.state in OWING and not agenda.owes(subscription, clock.now()):
        _restore(subscription)
    agenda.reschedule(subscription)


def _restore(subscription: Subscription) -> None:
    now = clock.now()
    closed = subscription.state == SubscriptionState.SUSPENDED
    transitions.move(subscription, SubscriptionState.ACTIVE, reason="nothing is owed")
    if closed and subscription.period_end <= now:
        # Periods in which access was closed are not billed: count anew from here.
        _count_from(subscription, now)
        subscription.period_start = subscription.period_end = now


def end(subscription: Subscription, *, reason: str) -> None:
    """End a subscription now. What was never paid for lapses, the rest stays owed."""
    transitions.move(subscription, SubscriptionState.CANCELLED, reason=reason)
    subscription.ended_at = clock.now()
    subscription.next_plan = None
    for invoice in invoicing.open_invoices(subscription):
        _close(invoice, reason)
    agenda.reschedule(subscription)


def _close(invoice: Invoice, reason: str) -> None:
    if invoice.kind != InvoiceKind.RENEWAL and not invoice.paid:
        invoicing.void(invoice, reason=reason)
    else:
        invoicing.give_up(invoice, reason=reason)


def expire(subscription: Subscription) -> None:
    """Withdraw offers that were not taken up in time. Raises NotDue."""
    now, lapsed = clock.now(), False
    offers = invoicing.open_invoices(
        subscription, InvoiceKind.START, InvoiceKind.CHANGE
    )
    for offer in offers:
        if offer.paid or offer.due_at is None or offer.due_at > now:
            continue
        lapsed = True
        if offer.kind == InvoiceKind.START:
            end(subscription, reason="the first payment never came")
            return
        invoicing.void(offer, reason="not paid in time")
    if not lapsed:
        raise NotDue
    agenda.reschedule(subscription)


def _count_from(subscription: Subscription, anchor: datetime) -> None:
    """Count periods from ``anchor``; the next one entered is number 0."""
    subscription.anchor, subscription.period_index = anchor, -1


def _enter(subscription: Subscription, index: int) -> None:
    period: Period = periods.period(
        subscription.anchor, subscription.plan.every, index, subscription.zone
    )
    subscription.period_index = index
    subscription.period_start, subscription.period_end = period.start, period.end
