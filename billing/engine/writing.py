"""Writes what became of subscriptions in memory. Only inside an action.

In this order: items, then the subscriptions with their moves (what they entitle to and
bring in is read from the items), then invoices, and at last when to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing import agenda, clock, invoicing, transitions
from billing.drafts import Draft
from billing.engine import rows
from billing.engine.accounts import Account, Held
from billing.engine.steps import Step
from billing.events import PlanChanged
from billing.models import Invoice, SubscriptionItem
from billing.states import InvoiceKind, SubscriptionState

_S = SubscriptionState
ITEM = ("start", "end", "billed_to", "phased_from", "first_end")
SUBSCRIPTION = (
    "plan",
    "next_plan",
    "waiting",
    "offered",
    "begun_at",
    "trial_end",
    "anchor",
    "anchor_day",
    "period_index",
    "period_start",
    "period_end",
    "cancel_at_period_end",
    "ends_at",
    "pauses_at",
    "closed_at",
    "resumes_at",
    "activated_at",
    "ended_at",
)
OFFERS = (InvoiceKind.START, InvoiceKind.CHANGE)


def write(steps: Sequence[Step]) -> list[Invoice]:
    """Write steps of any number of customers in a number of queries that is the same.

    Only what moves to another state costs some of its own.
    """
    held = [one for step in steps for one in step.account.held]
    customers = [step.account.customer for step in steps]
    keep(held)
    rows.update(customers, ["billing_day"])
    invoices = issue([draft for step in steps for draft in step.drafts])
    agenda.reschedule_all([step.account for step in steps])
    return invoices


def write_one(
    account: Account, held: Held, drafts: Iterable[Draft] = ()
) -> list[Invoice]:
    """Write one subscription that was changed by hand, with its invoices."""
    keep([held])
    account.customer.save(update_fields=["billing_day"])
    invoices = issue(list(drafts))
    agenda.reschedule(held.row)
    return invoices


def issue(drafts: Sequence[Draft]) -> list[Invoice]:
    """Invoices of drafts; what one sets off that needs no payment is done."""
    return invoicing.issue_many(drafts) if drafts else []


def keep(several: Sequence[Held]) -> None:
    """Write items and subscriptions, move the states, and tell what changed."""
    items = [item for held in several for item in held.items]
    known = [item for item in items if item.pk]
    # Those that end make room for those that begin: a price is had once.
    rows.update([item for item in known if item.end is not None], ITEM)
    rows.update([item for item in known if item.end is None], ITEM)
    SubscriptionItem.objects.bulk_create([item for item in items if not item.pk])
    for held in several:
        if held.state in {_S.TRIALING, _S.ACTIVE} and held.row.activated_at is None:
            held.row.activated_at = clock.now()
    rows.update([held.row for held in several], SUBSCRIPTION)
    for held in several:
        _tell(held)


def _tell(held: Held) -> None:
    row = held.row
    if held.state != row.state:
        transitions.move(row, SubscriptionState(held.state), reason=held.reason)
    elif held.changed and row.activated_at is not None:
        transitions.say(PlanChanged, row, transitions.grant(row))
    if held.lapsed:
        for offer in invoicing.open_invoices(row, *OFFERS):
            if not offer.paid:
                invoicing.void(offer, reason=held.reason or "its period is over")
    held.changed = held.lapsed = False
