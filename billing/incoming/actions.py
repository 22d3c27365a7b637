"""Verbs on what gateways tell: store it once; note that it was followed."""

from __future__ import annotations

from pydantic import Field

from billing import chargebacks, clock, machines
from billing.events import DisputeChanged, IncomingStored
from billing.gateways.contract import Disputed, Notice
from billing.models import Dispute, IncomingEvent, Payment
from billing.states import DisputeState, IncomingState
from paybill_site.kernel import actors, events
from paybill_site.kernel.actions import Action, Input, NoInput
from paybill_site.kernel.actors import Actor

LISTENER = actors.system(
    "webhooks",
    "billing.view_incomingevent",
    "billing.take_incomingevent",
    "billing.view_payment",
    "billing.record_payment",
)


class Told(Input):
    """A verified notice, and which gateway signed it."""

    gateway: str = Field(max_length=20)
    notice: Notice


class TakeIncoming(Action[None, Told, IncomingEvent]):
    """Store what a gateway tells, unless it was told before."""

    model = IncomingEvent
    Input = Told
    permission = "billing.take_incomingevent"
    creates = True

    def run(self, target: None, data: Told, *, actor: Actor) -> IncomingEvent:
        notice = data.notice
        row = IncomingEvent(
            gateway=data.gateway,
            event=notice.event,
            kind=notice.kind,
            subject=notice.subject,
            reference=notice.reference,
            version=notice.version,
        )
        # Two at once: the second waits here for the first to commit, and adds nothing.
        IncomingEvent.objects.bulk_create([row], ignore_conflicts=True)
        stored = IncomingEvent.objects.get(gateway=row.gateway, event=row.event)
        if stored.public_id == row.public_id:
            events.emit(IncomingStored(incoming=stored.public_id))
        return stored


class Followed(Input):
    ours: bool = Field(description="whether it was about anything here")


class NoteIncoming(Action[IncomingEvent, Followed, IncomingEvent]):
    """Note that what a gateway told was followed, or is about nothing of ours."""

    model = IncomingEvent
    Input = Followed
    permission = "billing.take_incomingevent"

    def run(
        self, target: IncomingEvent, data: Followed, *, actor: Actor
    ) -> IncomingEvent:
        state = IncomingState.FOLLOWED if data.ours else IncomingState.IGNORED
        if target.state == IncomingState.STORED:
            target.followed_at = clock.now()
            target.save(update_fields=["followed_at"])
            machines.incoming.move(target, state, reason=target.kind)
        return target


class FollowIncoming(Action[IncomingEvent, NoInput, IncomingEvent]):
    """Look once more at what a gateway told; nothing can happen twice by it."""

    model = IncomingEvent
    permission = "billing.take_incomingevent"

    def run(
        self, target: IncomingEvent, data: NoInput, *, actor: Actor
    ) -> IncomingEvent:
        events.emit(IncomingStored(incoming=target.public_id))
        return target


class RecordDispute(Action[Payment, Disputed, Dispute]):
    """Record how a dispute about a payment stands; one that is lost is owed anew."""

    model = Payment
    Input = Disputed
    permission = "billing.record_payment"

    def run(self, target: Payment, data: Disputed, *, actor: Actor) -> Dispute:
        facts = {
            "payment": target,
            "amount": data.amount,
            "currency": data.currency,
            "why": data.why,
            "answer_by": data.answer_by,
        }
        row, new = Dispute.objects.update_or_create(
            gateway=target.gateway, reference=data.reference, defaults=facts
        )
        before, moved = row.state, data.state != row.state
        if moved:
            row.closed_at = None if data.state == DisputeState.OPEN else clock.now()
            row.save(update_fields=["closed_at"])
            machines.disputes.move(row, data.state, reason=data.why)
            _book(row, before)
        if new or moved:
            names = {"dispute": row.public_id, "payment": target.public_id}
            events.emit(DisputeChanged(**names, state=str(row.state)))
        return row


def _book(dispute: Dispute, before: str) -> None:
    if dispute.state == DisputeState.LOST:
        chargebacks.lost(dispute)
    elif before == DisputeState.LOST:
        chargebacks.won(dispute)
