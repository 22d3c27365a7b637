"""One step of billing: what happens to a customer at a moment, and its invoices.

1. Every subscription turns to what the moment brings (``moves``).
2. What is due of its items is found, and counted as billed (``pieces``).
3. Meters are read, all of them at once, and the lines are written; those of periods
   whose usage changed after they were billed for the difference.
4. The lines of one customer are one invoice; a first period has one of its own, for
   nothing begins before that is paid.

The biller writes what comes of it; whoever asks what would be does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.drafts import Draft, DraftLine
from billing.engine import credits, metered, moves, pieces, reading
from billing.engine.accounts import Account, Held
from billing.engine.metered import Quantities
from billing.engine.pieces import Due
from billing.states import InvoiceKind, SubscriptionState
from billing.usage import Asked

_S = SubscriptionState

type Reader = Callable[[Sequence[Asked]], Quantities]


@dataclass(frozen=True, slots=True)
class Step:
    """What a moment brings to a customer. ``drafts`` may be none."""

    account: Account
    at: datetime
    drafts: tuple[Draft, ...]


def next_moment(account: Account) -> datetime | None:
    """When the next step of a customer is due, but for what is only late."""
    return min(
        (moment for held in account.held for moment in _moments(held)), default=None
    )


def only_late(account: Account) -> bool:
    """Whether usage changed after it was billed, and no step is to come.

    Else it waits for the next one; here it is due now.
    """
    return bool(account.late) and next_moment(account) is None


def moment_of(held: Held) -> datetime | None:
    """When the next step of one subscription is due."""
    return min(_moments(held), default=None)


def _moments(held: Held) -> Iterator[datetime]:
    yield from moves.moments(held)
    if (due := pieces.next_due(held)) is not None:
        yield due


def take(
    accounts: Sequence[tuple[Account, datetime]], read: Reader = reading.quantities
) -> list[Step]:
    """A step of each account, at its moment; meters are read for all together."""
    found = [(account, at, _turned(account, at)) for account, at in accounts]
    wanted = [
        each.reading
        for _, _, turned in found
        for one in turned
        for each in one.due
        if each.reading is not None
    ]
    wanted += [metered.asked(late) for account, _ in accounts for late in account.late]
    quantities = read(wanted)
    return [
        Step(account, at, tuple(_drafts(account, at, turned, quantities)))
        for account, at, turned in found
    ]


@dataclass(frozen=True, slots=True)
class _Turned:
    """A subscription after its turn: what is due of it, and what it gets back."""

    held: Held
    begins: bool
    due: list[Due]
    credits: list[DraftLine]


def _turned(account: Account, at: datetime) -> list[_Turned]:
    return [_turned_one(account, held, at) for held in account.held]


def _turned_one(account: Account, held: Held, at: datetime) -> _Turned:
    before = held.state
    moves.turn(account, held, at)
    begins = held.state == _S.INCOMPLETE != before
    closes = held.state != before and held.state in {_S.PAUSED, _S.CANCELLED}
    back = credits.give_back(held, at) if closes else []
    billed = begins or held.state in pieces.BILLED
    due = list(pieces.due(held, at)) if billed else []
    return _Turned(held, begins, due, back)


def _drafts(
    account: Account, at: datetime, turned: list[_Turned], quantities: Quantities
) -> Iterator[Draft]:
    together: list[DraftLine] = []
    for one in turned:
        written = pieces.written(one.held, one.due, quantities) + one.credits
        if not one.begins:
            together += written
        elif any(line.amount for line in written):
            yield from draft(account, InvoiceKind.START, written, at, one.held)
        else:
            one.held.move(_S.ACTIVE, "nothing is to be paid first")
    together += metered.mend(account, quantities)
    yield from draft(account, InvoiceKind.RENEWAL, together, at)


def lines_of(
    held: Held, at: datetime, read: Reader = reading.quantities
) -> list[DraftLine]:
    """The lines for all that is due of one subscription by a moment."""
    due = list(pieces.due(held, at))
    wanted = [each.reading for each in due if each.reading is not None]
    return pieces.written(held, due, read(wanted) if wanted else {})


def draft(
    account: Account,
    kind: InvoiceKind,
    lines: list[DraftLine],
    at: datetime,
    held: Held | None = None,
) -> Iterator[Draft]:
    """The draft of these lines, unless they come to nothing, each of them."""
    if any(line.amount for line in lines):
        plan = held.row.plan if held else None
        currency = account.customer.currency
        yield Draft(account.customer, kind, currency, tuple(lines), at, plan)
