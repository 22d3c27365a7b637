"""Another time zone for a customer: from when on, and that nothing is billed twice.

What is billed keeps its boundaries: each period that runs ends when it was to end, and
the next one begins there. Only where to count from is other than before.
"""

from __future__ import annotations

from datetime import tzinfo

from billing import agenda
from billing.engine import accounts, moves, terms, writing
from billing.engine.accounts import Held
from billing.models import Customer, Subscription
from billing.rating import zones as counting
from billing.rating.anchors import Alignment, Anchor
from billing.states import SubscriptionState

_S = SubscriptionState


def change(customer: Customer, old: tzinfo) -> list[Subscription]:
    """Count all it has in its account's zone, which was another; return what it has.

    Only inside an action; the customer's row is locked.
    """
    [account] = accounts.load([customer])
    move(customer, account.held, old, customer.zone)
    writing.keep(account.held)
    agenda.reschedule_all([account])
    return [held.row for held in account.held]


def move(customer: Customer, held: list[Held], old: tzinfo, new: tzinfo) -> None:
    """Let periods be counted in another zone, from where the running ones end."""
    fixed = _over_by_themselves(held, old)
    for one in held:
        if one.state != _S.SCHEDULED:  # begins in the zone of its day
            anchor = _moved(customer, one, old, new)
            one.row.anchor, one.row.anchor_day = anchor.at, anchor.day
    for one in fixed:
        one.row.ends_at = moves.fixed_end(one, new)


def _moved(customer: Customer, held: Held, old: tzinfo, new: tzinfo) -> Anchor:
    row, kept = held.row, terms.anchor_of(held.row)
    if customer.alignment != Alignment.ANNIVERSARY and counting.is_midnight(
        kept.at, old
    ):
        return counting.at_midnight(kept, old, new)
    if held.state == _S.INCOMPLETE:  # counted from its first payment
        return kept
    return counting.moved(kept, row.period_end, old, new)


def _over_by_themselves(held: list[Held], zone: tzinfo) -> list[Held]:
    """Those that end because all there is to them is over then."""
    ending = [one for one in held if one.row.ends_at is not None]
    return [one for one in ending if one.row.ends_at == moves.fixed_end(one, zone)]
