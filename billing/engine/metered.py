"""Lines for usage: of a period that is over, and of one whose usage changed since.

How a period was rated is kept beside the invoice. When usage of it comes in late or is
taken back, all of it is rated once more by the same card, and a line says what that is
more or less than what was billed: twice the same usage is no line at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from billing.drafts import DraftLine
from billing.engine.accounts import Account, Held
from billing.engine.wording import line_of
from billing.models import MeteredPeriod, Standing, SubscriptionItem
from billing.rating import metering, money
from billing.rating.lines import inputs
from billing.rating.metering import Metered, TrueUp
from billing.rating.prices import MOST_PLACES
from billing.rating.schedule import Piece
from billing.states import LineKind
from billing.usage import Asked

type Quantities = Mapping[Asked, Fraction]


def asked(period: MeteredPeriod) -> Asked:
    """The question of how much was used in a period."""
    return Asked(period.tenant_id, period.meter, period.period)


def first(
    held: Held, item: SubscriptionItem, piece: Piece, quantities: Quantities
) -> Iterator[DraftLine]:
    """The lines for a piece that is over; it is noted how it was rated."""
    row = item.subscription
    period = MeteredPeriod(
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        item=item,
        meter=item.price.meter,
        start=piece.part.start,
        stop=piece.part.end,
    )
    card, currency = piece.card, item.price.currency
    line = Metered(card=card, currency=currency, share=piece.share)
    for each in _rate(period, line, quantities):
        if isinstance(each, Metered):
            yield line_of(item, each, LineKind.USAGE, piece.part)
        elif each.amount:
            yield line_of(item, each, LineKind.COMMITMENT, piece.part)
    held.metered.append(period)


def mend(account: Account, quantities: Quantities) -> list[DraftLine]:
    """The differences of all periods of a customer whose usage changed."""
    found = [line for late in account.late for line in _differences(late, quantities)]
    account.mended += account.late
    account.late = []
    return found


def _differences(period: MeteredPeriod, quantities: Quantities) -> Iterator[DraftLine]:
    for each in _rate(period, period.rated, quantities):
        kind = LineKind.USAGE if isinstance(each, Metered) else LineKind.COMMITMENT
        if each.amount:
            words = ", usage reported since" if each.amount > 0 else ", corrected"
            line = line_of(period.item, each, kind, period.period, words)
            back = period.charged.get(kind) if each.amount < 0 else None
            yield replace(line, gives_back=back)


def _rate(
    period: MeteredPeriod, line: Metered, quantities: Quantities
) -> list[Metered | TrueUp]:
    """Rate all usage of a period, and note what is billed of it with these lines."""
    used = max(quantities.get(asked(period), Fraction(0)), Fraction(0))
    places = money.at_places(used, MOST_PLACES)
    line = replace(line, quantity=places, billed=period.billed)
    found = metering.bill(line, final=True, trued_up=period.trued_up)
    period.inputs = inputs(line)
    period.billed, period.trued_up = (
        line.so_far,
        sum(each.so_far for each in found if isinstance(each, TrueUp)),
    )
    period.standing = Standing.NEW
    return found
