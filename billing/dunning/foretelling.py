"""All that will happen to a customer that goes on not paying, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing import clock
from billing.dunning import cases, owing, schedules
from billing.dunning.rules import Does, Rules
from billing.models import Customer, PaymentRetry
from billing.rating.overdue import reached

IN_WORDS = {
    Does.NOTIFY: "A reminder is sent.",
    Does.BLOCK_CHANGES: "Plans and quantities can not be changed any more.",
    Does.PAST_DUE: "A banner says that an invoice is overdue. Nothing is closed.",
    Does.GRACE: "The last days before access is closed begin.",
    Does.SUSPEND: "Access is closed. All data is kept.",
    Does.CANCEL: "The subscription ends.",
}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One thing that will be done, or was; ``what`` names it for programs."""

    at: datetime
    what: str
    words: str
    done: bool = False


def timeline(customer: Customer) -> list[Foreseen]:
    """What was done about the unpaid invoices and what will be, earliest first.

    As things are now: each payment, and each invoice more, changes it. Conditions on
    amounts and numbers are told when they hold.
    """
    if customer.dunning_exempt:
        return _retries(customer)
    return sorted([*_steps(customer), *_retries(customer)], key=lambda each: each.at)


def _steps(customer: Customer) -> list[Foreseen]:
    now = clock.now()
    invoices = list(owing.unpaid(customer).order_by("due_at", "id"))
    owed = owing.summed(invoices, now)
    if owed is None:
        return []
    case = cases.open_case(customer)
    rules = Rules.model_validate(case.rules) if case else schedules.of(customer).rules
    taken, last = (case.taken if case else 0), owed.since
    told = []
    for number, step in enumerate(rules.steps):
        at = reached(step.conditions, owed)
        if at is None:
            break  # and none after it, as steps are taken in their order
        last = max(last, at)
        told.append(Foreseen(last, step.state, IN_WORDS[step.does], number < taken))
    return told


def _retries(customer: Customer) -> list[Foreseen]:
    rows = PaymentRetry.objects.filter(
        invoice__customer=customer, next_at__isnull=False
    ).select_related("invoice")
    return [
        Foreseen(
            datetime.fromisoformat(moment),
            "retry",
            f"The payment of {row.invoice.number} is tried again.",
        )
        for row in rows
        for moment in row.moments[row.done :]
    ]


def said_next(customer: Customer) -> tuple[str, datetime | None]:
    """What comes next in words, and when: for the mail about the step before it."""
    ahead = cases.coming(customer)
    if ahead is None or ahead.step is None:
        return "", None
    return IN_WORDS[ahead.step.does], ahead.at
