"""Which parts of which items are due, and the lines that are written for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from billing.drafts import DraftLine
from billing.engine import metered, terms
from billing.engine.accounts import Held
from billing.engine.metered import Quantities
from billing.engine.wording import line_of
from billing.models import SubscriptionItem
from billing.rating import lines, schedule
from billing.rating.lines import Line
from billing.rating.schedule import Piece, Terms
from billing.states import RUNNING, LineKind, PriceKind, SubscriptionState
from billing.usage import Asked

_S = SubscriptionState
BILLED = RUNNING | {_S.PAUSED, _S.CANCELLED}
KINDS = {PriceKind.SEAT: LineKind.SEAT, PriceKind.USAGE: LineKind.USAGE}


@dataclass(frozen=True, slots=True)
class Due:
    """A piece of an item that is due."""

    item: SubscriptionItem
    piece: Piece

    @property
    def reading(self) -> Asked | None:
        """Whose meter has to be read, and for when."""
        price, tenant = self.item.price, self.item.subscription.tenant_id
        if price.kind != PriceKind.USAGE or self.piece.free:
            return None
        return Asked(tenant, price.meter, self.piece.part)


def next_due(held: Held) -> datetime | None:
    """When the next piece of any of its items is due."""
    if held.state not in BILLED:
        return None
    coming = (
        schedule.following(_limited(held, item), item.billed_to) for item in held.items
    )
    return min((piece.due for piece in coming if piece), default=None)


def due(held: Held, until: datetime) -> Iterator[Due]:
    """Everything of it that is due by a moment, and bill it: once, and in order."""
    for item in held.items:
        for piece in schedule.pieces(_limited(held, item), item.billed_to, until):
            yield Due(item, piece)
            item.billed_to = piece.part.end


def in_advance(held: Held, until: datetime) -> Iterator[Due]:
    """The same of what is billed when it begins alone."""
    ahead = [item for item in held.items if not terms.of(item).behind]
    return due(replace(held, items=ahead), until)


def _limited(held: Held, item: SubscriptionItem) -> Terms:
    """Its terms, to where it is cancelled to, and until access was closed."""
    asked = terms.of(item)
    row = held.row
    ends = [end for end in (asked.end, row.ends_at, row.closed_at) if end is not None]
    return replace(asked, end=min(ends)) if ends else asked


def written(
    held: Held, found: Iterable[Due], quantities: Quantities
) -> list[DraftLine]:
    """The lines for what is due; a trial and what costs nothing have none."""
    return [line for each in found for line in _lines(held, each, quantities)]


def _lines(held: Held, due: Due, quantities: Quantities) -> Iterator[DraftLine]:
    item, piece = due.item, due.piece
    if piece.free:
        return
    if due.reading is not None:
        yield from metered.first(held, item, piece, quantities)
    elif (fee := charge(item, piece)).amount:
        kind = KINDS.get(PriceKind(item.price.kind), LineKind.FEE)
        yield line_of(item, fee, kind, piece.part)


def charge(item: SubscriptionItem, piece: Piece) -> Line:
    """What a piece of a fee or of seats comes to."""
    return lines.licensed(
        piece.card,
        item.price.currency,
        quantity=item.quantity,
        each=item.price.kind != PriceKind.SEAT,
        share=piece.share,
    )
