"""Every pair of states: what follows from the move, or that nothing does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from billing import handlers as billing
from billing import machines, transitions
from billing.events import (
    AccessChanged,
    SubscriptionActivated,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionRestored,
    SubscriptionSuspended,
)
from billing.models import Plan, Subscription
from billing.states import SUBSCRIPTION_MOVES, SubscriptionState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.limits import terms
from paybill_site.kernel.models import AuditEntry, OutboxEvent, Transition, reference
from paybill_site.kernel.planes import plane
from provisioning import handlers as provisioning
from provisioning.models import Backup, Run
from tenants.actions.places import taken
from tenants.models import Entitlement, Tenant
from tests.billing.following.moving import (
    MOVER,
    NEVER,
    MoveSubscription,
    deliver,
    in_state,
)

_S = SubscriptionState
PAIRS = list(product(_S, repeat=2))
ALLOWED = [pair for pair in PAIRS if machines.subscriptions.allows(*pair)]
REFUSED = [pair for pair in PAIRS if pair not in ALLOWED]

# What somebody in this state is entitled to, and how its tenant is.
THEN = {
    _S.INCOMPLETE: ("", "draft", ""),
    _S.TRIALING: ("trial", "live", ""),
    _S.ACTIVE: ("active", "live", ""),
    _S.PAST_DUE: ("active", "live", ""),
    _S.GRACE: ("grace", "live", ""),
    _S.SUSPENDED: ("suspended", "suspended", "payment"),
    _S.PAUSED: ("suspended", "suspended", "pause"),
    _S.CANCELLED: ("ended", "suspended", "end"),
}


def told() -> list[str]:
    """Names of the events about the subscription, in their order."""
    ours = {event.name for event in transitions.MEANS.values()}
    rows = OutboxEvent.objects.filter(name__in=ours).order_by("id")
    return list(rows.values_list("name", flat=True))


def moved(row: Subscription) -> int:
    return Transition.objects.filter(target=reference(row)).count()


def entitled(tenant: Tenant) -> tuple[str, int]:
    found = Entitlement.objects.filter(tenant=tenant).first()
    return (found.state, found.version) if found else ("", 0)


def licensed(tenant: Tenant) -> tuple[str, str]:
    """State and reason of the licence in the tenant's plane; empty without a plane."""
    place = taken(tenant)
    if place is None:
        return "", ""
    with plane(place.place):
        held = terms(tenant.public_id)
    return (held.state, held.reason) if held else ("", "")


def test_every_allowed_pair_has_its_event() -> None:
    pairs = {(old, new) for old, follow in SUBSCRIPTION_MOVES.items() for new in follow}
    assert set(transitions.MEANS) == pairs
    assert len(ALLOWED) == len(pairs)
    assert len(ALLOWED) + len(REFUSED) == 81


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_a_move_and_all_that_follows(
    old: _S, new: _S, tenant: Tenant, free: Plan
) -> None:
    row = in_state(old, tenant, free)
    perform(MoveSubscription, row, {"to": new}, actor=MOVER)
    deliver()
    tenant.refresh_from_db()
    state, stands, cause = THEN[new]
    if new == _S.CANCELLED and old in NEVER:
        state, stands, cause = "", "draft", ""
    assert Subscription.objects.get().state == new
    assert entitled(tenant)[0] == state
    assert (tenant.state, tenant.suspension) == (stands, cause)
    if state:
        closed = stands == "suspended"
        assert licensed(tenant) == (
            ("suspended", cause) if closed else (state, str(new))
        )
    # One audit row, one transition, one event; nothing was built for a place in a pool.
    done = AuditEntry.objects.filter(action=MoveSubscription.name, outcome="done")
    assert done.count() == moved(row) == 1
    assert told() == [transitions.MEANS[old, new].name]
    assert not Run.objects.exists()
    assert Backup.objects.exists() == (state == "ended")


def test_a_pair_that_is_not_allowed_changes_nothing(tenant: Tenant, free: Plan) -> None:
    row = in_state(_S.INCOMPLETE, tenant, free)
    for number, (old, new) in enumerate(REFUSED, start=1):
        Subscription.objects.filter(pk=row.pk).update(state=old)
        with pytest.raises(IllegalMove, match=f"is {old}; it can not become {new}"):
            perform(MoveSubscription, row, {"to": new}, actor=MOVER)
        assert Subscription.objects.get().state == old
        assert AuditEntry.objects.filter(outcome="denied").count() == number
    assert (entitled(tenant), moved(row), told()) == (("", 0), 0, [])


def stands(tenant: Tenant) -> tuple[Any, ...]:
    """All that somebody could have moved back."""
    row = Tenant.objects.values("state", "suspension").get(pk=tenant.pk)
    return row, entitled(tenant), licensed(tenant)


def said(event: type[SubscriptionEvent], row: Subscription) -> SubscriptionEvent:
    return event(
        tenant=row.tenant.public_id,
        subscription=row.public_id,
        plan=row.plan.code,
        version=1,
    )


EVENTS = sorted(set(transitions.MEANS.values()), key=lambda event: event.name)


@pytest.mark.parametrize("state", [_S.ACTIVE, _S.SUSPENDED, _S.CANCELLED])
def test_events_that_come_late_or_twice_move_nothing(
    state: _S, tenant: Tenant, free: Plan
) -> None:
    """Whatever is said, and however often: what stands is what the rows say now."""
    row = in_state(state, tenant, free)
    before = stands(tenant)
    for event in EVENTS:
        late = said(event, row)
        for delivery in (f"{event.name} 1", f"{event.name} 1", f"{event.name} 2"):
            if isinstance(late, AccessChanged):
                provisioning.fit_to_subscription(late, delivery)
            if isinstance(late, SubscriptionActivated):
                provisioning.build_for_subscription(late, delivery)
            if isinstance(late, SubscriptionEnded):
                provisioning.back_up_at_the_end(late, delivery)
                billing.close_tenant(late, delivery)
        deliver()
        assert stands(tenant) == before, event.name
    assert not Run.objects.exists()
    assert Backup.objects.count() == (state == _S.CANCELLED)


def test_events_in_the_wrong_order_end_where_the_rows_are(
    tenant: Tenant, free: Plan
) -> None:
    row = in_state(_S.GRACE, tenant, free)
    for to in (_S.SUSPENDED, _S.ACTIVE):
        perform(MoveSubscription, row, {"to": to}, actor=MOVER)
    restored, suspended = (
        said(SubscriptionRestored, row),
        said(SubscriptionSuspended, row),
    )
    provisioning.fit_to_subscription(restored, "dlv_2")  # type: ignore[arg-type]
    provisioning.fit_to_subscription(suspended, "dlv_1")  # type: ignore[arg-type]
    deliver()
    tenant.refresh_from_db()
    assert (tenant.state, licensed(tenant)[0]) == ("live", "active")
