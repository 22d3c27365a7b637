"""Taking the steps, one at a time, and taking them back when nothing is owed any more.

1. The first look at a customer that owes opens its case, with the rules that hold then.
2. Each step is taken once its conditions hold, in its order: the subscriptions that the
   unpaid invoices are for move, all of them, and the customer is told.
3. Paid, taken back or exempt: everything is open again at once, the case ends. What the
   days without service are worth is given back by ``lifecycle``.
Only inside an action, on a locked customer.
"""

from __future__ import annotations

from django.db.models import QuerySet

from billing import agenda, clock, lifecycle, transitions
from billing.dunning import cases, owing, schedules
from billing.dunning.rules import MOVES, Does, Step
from billing.events import InvoiceOverdue
from billing.models import Customer, DunningCase, Invoice, Subscription
from billing.states import OWING, CaseState, SubscriptionState
from paybill_site.kernel import events

_S = SubscriptionState
# From state to state; who comes late to a case goes the same way, without stops.
PATH = (_S.ACTIVE, _S.PAST_DUE, _S.GRACE, _S.SUSPENDED)


def advance(customer: Customer) -> bool:
    """Take the step that is due, open the case or end it; False when there is nothing.

    What comes next is written on the case either way.
    """
    now = clock.now()
    invoices = owing.overdue(customer, now)
    case = cases.open_case(customer)
    if not invoices or customer.dunning_exempt:
        if case is not None:
            _end(case)
        return case is not None
    opened = case is None
    case = case or _begin(customer)
    coming = cases.coming(customer)
    due = coming is not None and coming.step is not None and coming.at <= now
    if due and coming is not None and coming.step is not None:
        case.taken += 1
        _take(case, coming.step, invoices)
    _follow(case)
    return opened or due


def _follow(case: DunningCase) -> None:
    """Write down when there is something to do next."""
    case.save()
    coming = cases.coming(case.customer)
    case.next_at = coming.at if coming else None
    case.save(update_fields=["next_at"])


def settle(customer: Customer) -> None:
    """Open again what was closed for invoices that are not owed any more."""
    case = cases.open_case(customer)
    if case is None:
        return
    now = clock.now()
    invoices = owing.overdue(customer, now)
    if not invoices or customer.dunning_exempt:
        _end(case)
        return
    still = owing.concerned(invoices).values_list("pk", flat=True)
    _restore(_owing(customer).exclude(pk__in=still))
    _follow(case)


def close_if_settled(customer: Customer) -> None:
    """End the case of a customer that owes nothing any more.

    For whoever opens the subscriptions of a paid invoice itself.
    """
    case = cases.open_case(customer)
    if case is not None and not owing.overdue(customer, clock.now()):
        _close(case)


def _begin(customer: Customer) -> DunningCase:
    schedule = schedules.of(customer)
    return DunningCase.objects.create(
        customer=customer,
        schedule=schedule.name,
        rules=schedule.rules.model_dump(mode="json"),
        opened_at=clock.now(),
    )


def _end(case: DunningCase) -> None:
    _restore(_owing(case.customer))
    _close(case)


def _close(case: DunningCase) -> None:
    case.state, case.ended_at = CaseState.ENDED, clock.now()
    case.next_at, case.changes_blocked = None, False
    case.save()


def _owing(customer: Customer) -> QuerySet[Subscription]:
    rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(customer=customer, state__in=OWING).order_by("pk")


def _restore(subscriptions: QuerySet[Subscription]) -> None:
    for subscription in subscriptions:
        lifecycle.settle_up(subscription)


def _take(case: DunningCase, step: Step, invoices: list[Invoice]) -> None:
    if step.does is Does.BLOCK_CHANGES:
        case.changes_blocked = True
    if (state := MOVES.get(step.does)) is not None:
        reason = f"{invoices[0].number} is not paid"
        rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
        for subscription in rows.filter(
            pk__in=owing.concerned(invoices).values("pk")
        ).order_by("pk"):
            _push(subscription, state, reason)
    if step.does is Does.SUSPEND:
        case.closed_since = case.closed_since or clock.now()
    events.emit(InvoiceOverdue(**invoices[0].named, step=step.state))


def _push(subscription: Subscription, to: SubscriptionState, reason: str) -> None:
    """Move as far as the step says; who is there already, or does not run, stays."""
    if to == _S.CANCELLED:
        if subscription.state != _S.CANCELLED:
            lifecycle.end(subscription, reason=reason, owed=False)
        return
    if subscription.state not in PATH:
        return
    there, wanted = PATH.index(_S(subscription.state)), PATH.index(to)
    for state in PATH[there + 1 : wanted + 1]:
        transitions.move(subscription, state, reason=reason)
    if to == _S.SUSPENDED:  # from here on days are without service
        subscription.closed_at = subscription.closed_at or clock.now()
    agenda.reschedule(subscription)
