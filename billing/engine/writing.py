"""Writes what became of subscriptions in memory. Only inside an action.

In this order: items, then the subscriptions with their moves (what they entitle to and
bring in is read from the items), then invoices, and at last when to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.postgres.functions import TransactionNow

from billing import agenda, clock, invoicing, settlement, transitions
from billing.drafts import Draft
from billing.engine import accounts, rows
from billing.engine.accounts import Account, Held
from billing.engine.steps import Step
from billing.events import PlanChanged
from billing.models import Invoice, MeteredPeriod, SubscriptionItem
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
MENDED = ("inputs", "billed", "trued_up", "standing")
OFFERS = (InvoiceKind.START, InvoiceKind.CHANGE)


def write(steps: Sequence[Step]) -> list[Invoice]:
    """Write steps of any number of customers in a number of queries that is the same.

    Only what moves to another state costs some of its own.
    """
    held = [one for step in steps for one in step.account.held]
    customers = [step.account.customer for step in steps]
    keep(held)
    _mend([late for step in steps for late in step.account.mended])
    rows.update(customers, ["billing_day"])
    invoices = issue([draft for step in steps for draft in step.drafts])
    agenda.reschedule_all(_as_it_is([step.account for step in steps], invoices))
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
    """Invoices of drafts; what one sets off that needs no payment is done.

    What one gives back pays first of all for what is owed.
    """
    invoices = invoicing.issue_many(drafts) if drafts else []
    for invoice in invoices:
        if invoice.total < 0:
            settlement.use_for_owed(invoice.customer)
    return invoices


def _as_it_is(several: Sequence[Account], invoices: Iterable[Invoice]) -> list[Account]:
    """The accounts, those anew whose invoices may have paid for other subscriptions."""
    gave = {invoice.customer_id for invoice in invoices if invoice.total < 0}
    same = [each for each in several if each.customer.pk not in gave]
    anew = [each.customer for each in several if each.customer.pk in gave]
    return same + (accounts.load(anew) if anew else [])


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
    metered = [period for held in several for period in held.metered]
    MeteredPeriod.objects.bulk_create(metered)
    rows.update([held.row for held in several], SUBSCRIPTION)
    for held in several:
        _tell(held)


def _mend(late: list[MeteredPeriod]) -> None:
    """Keep how periods were rated again, locked in the order of the roll-ups."""
    if not late:
        return
    mine = MeteredPeriod.objects.filter(pk__in=[period.pk for period in late])
    list(mine.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    rows.update(late, MENDED)
    mine.update(rated_at=TransactionNow())


def _tell(held: Held) -> None:
    row = held.row
    if held.state != row.state:
        transitions.move(row, SubscriptionState(held.state), reason=held.reason)
    elif held.changed and row.activated_at is not None:
        transitions.say(PlanChanged, row, transitions.grant(row))
    if held.lapsed:
        for offer in invoicing.open_invoices(row, *OFFERS):
            invoicing.withdraw(offer, reason=held.reason or "its period is over")
    held.changed = held.lapsed = False
    held.metered = []
