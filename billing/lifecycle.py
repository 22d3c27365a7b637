"""What a subscription goes through by a decision: module functions of actions.

Each one changes it in memory as the engine does, and writes it in the open transaction:
items, state, entitlement and event together. None of them asks who is acting: that was
decided before. The customer's row is locked.
"""

from __future__ import annotations

from datetime import datetime

from billing import agenda, clock, invoicing
from billing.drafts import DraftLine
from billing.engine import accounts, credits, moves, steps, writing
from billing.engine.accounts import Account, Held
from billing.errors import NotDue
from billing.models import Invoice, Subscription
from billing.states import OWING, RUNNING, InvoiceKind, SubscriptionState
from billing.transitions import grant as grant  # noqa: PLC0414 - its public name
from paybill_site.kernel.errors import IllegalMove

_S = SubscriptionState


def step(account: Account, held: Held, at: datetime) -> list[Invoice]:
    """Do to one subscription what a moment brings, and write it."""
    account.held = [held]
    [taken] = steps.take([(account, at)])
    return writing.write_one(account, held, taken.drafts)


def activate(subscription: Subscription, *, reason: str) -> None:
    """Bring a subscription into force whose first period is paid: it starts now."""
    account, held = accounts.hold(subscription)
    with moves.over_by_itself(account, held):
        moves.start_paid(account, held, clock.now())
    held.move(_S.ACTIVE, reason)
    writing.write_one(account, held)


def extend_trial(subscription: Subscription, until: datetime) -> None:
    """Let a trial last until another moment."""
    account, held = accounts.hold(subscription)
    moves.extend(account, held, until)
    writing.write_one(account, held)


def pause(subscription: Subscription) -> None:
    """Close access now and bill nothing more; what is unused goes back."""
    account, held = accounts.hold(subscription)
    subscription.pauses_at = clock.now()
    step(account, held, clock.now())


def resume(subscription: Subscription) -> None:
    """Go on after a pause; billed from this moment on."""
    account, held = accounts.hold(subscription)
    subscription.resumes_at = clock.now()
    step(account, held, clock.now())


def go_on(subscription: Subscription) -> None:
    """Undo a cancellation to come; a plan that is over by itself still is.

    Raises IllegalMove where nobody cancelled.
    """
    account, held = accounts.hold(subscription)
    by_itself = moves.fixed_end(held, account.customer.zone)
    if subscription.state not in RUNNING or subscription.ends_at in {None, by_itself}:
        raise IllegalMove("nobody cancelled this subscription")
    subscription.cancel_at_period_end, subscription.ends_at = False, by_itself
    agenda.reschedule(subscription)


def end_on(subscription: Subscription, at: datetime) -> None:
    """Let a subscription end at a moment to come, or before, if it does by itself."""
    account, held = accounts.hold(subscription)
    by_itself = moves.fixed_end(held, account.customer.zone)
    subscription.ends_at = min(at, by_itself) if by_itself else at
    agenda.reschedule(subscription)


def reactivate(subscription: Subscription) -> None:
    """Let a subscription that is over go on, with what it was made of at its end."""
    account, held = accounts.hold(subscription)
    now = clock.now()
    moves.revive(account, held, now)
    step(account, held, now)


def end(
    subscription: Subscription, *, reason: str, refund: bool = False, owed: bool = True
) -> None:
    """End a subscription now.

    ``refund`` gives back what is unused to the balance; ``owed`` says that what is
    unpaid stays to be paid, else it is given up. What was only offered lapses.
    """
    account, held = accounts.hold(subscription)
    now = clock.now()
    in_force = subscription.activated_at is not None
    moves.end(held, now, reason)
    lines: list[DraftLine] = []
    if in_force:
        back = credits.give_back(held, now) if refund else []
        lines = steps.lines_of(held, now) + back
    drafts = steps.draft(account, InvoiceKind.RENEWAL, lines, now)
    writing.write_one(account, held, drafts)
    for invoice in invoicing.open_invoices(subscription):
        _close(invoice, reason, owed=owed)


def _close(invoice: Invoice, reason: str, *, owed: bool) -> None:
    if invoice.kind in writing.OFFERS:
        invoicing.withdraw(invoice, reason=reason)
    elif not owed:
        invoicing.give_up(invoice, reason=reason)


def settle_up(subscription: Subscription) -> None:
    """Open everything again once no renewal is overdue any more."""
    if subscription.state in OWING and not agenda.owes(subscription, clock.now()):
        _restore(subscription)
    else:
        agenda.reschedule(subscription)


def _restore(subscription: Subscription) -> None:
    """In force again; days without service go back, later ones are not billed.

    What was used until access was closed is billed now, as nothing was meanwhile.
    """
    account, held = accounts.hold(subscription)
    now, since = clock.now(), subscription.closed_at
    found: list[DraftLine] = []
    if since is not None:
        found = steps.lines_of(held, now) + credits.unused([held], since, now)
        subscription.closed_at = None
        moves.leave_out(account, held, now)
    held.move(_S.ACTIVE, "nothing is owed")
    drafts = steps.draft(account, InvoiceKind.RENEWAL, found, now)
    writing.write_one(account, held, drafts)


def expire(subscription: Subscription) -> None:
    """Withdraw offers that were not taken up in time. Raises NotDue."""
    now, lapsed = clock.now(), False
    for offer in invoicing.open_invoices(subscription, *writing.OFFERS):
        if offer.paid or offer.due_at is None or offer.due_at > now:
            continue
        lapsed = True
        if offer.kind == InvoiceKind.START:
            end(subscription, reason="the first payment never came")
            return
        invoicing.void(offer, reason="not paid in time")
        subscription.offered = {}
    if not lapsed:
        raise NotDue
    agenda.reschedule(subscription)
