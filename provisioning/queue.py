"""Which run is next. The queue is the table of runs; a message only wakes a worker.

1. What a runner left unfinished goes first: it is nearly done.
2. Applies before plans: a confirmed plan goes stale while it waits.
3. Fair across tenants: who has had the fewest runs in the last hour goes first.
4. Among equals the oldest.
Looks at what changed outside have workers of their own, and go one at a time: they
never delay a run.
An account has a limit of runs at once; a paused one builds nothing new, and destroys.
A worker reserves a run while its runner starts, so that two workers that are woken at
once take two runs. The runner then claims it; of several, one wins.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from paybill_site.kernel import planes
from provisioning.models import CloudAccount, Run
from provisioning.states import CLAIMABLE, HELD, AccountState, Operation, RunState

RECENT = timedelta(hours=1)
# Before a plan that writes has to be known what exists; a look needs not.
UNSETTLED = Q(state=RunState.PENDING, deployment__settled=False) & ~Q(
    operation=Operation.REFRESH
)
STARTING = timedelta(seconds=30)  # longest time from a worker to its runner's claim


def reserve(*, looks: bool = False) -> tuple[str, str] | None:
    """Take the next run, or look, for a runner that is about to start.

    Its id, and the reservation.

    It is a lease like any other, so it ends by itself when the runner does not come.
    """
    name = f"starting {secrets.token_hex(8)}"
    for run in claimable(looks=looks)[:20]:
        with planes.atomic():
            if not _has_room(run):
                continue
            same = Run.objects.filter(_free(), pk=run.pk, state=run.state)
            if same.update(holder=name, lease_until=timezone.now() + STARTING):
                return run.public_id, name
    return None


def _free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=timezone.now())


def _has_room(run: Run) -> bool:
    """Ask again under a lock on the account: another worker asks at the same time."""
    account = run.deployment.account_id
    if account is None:
        return True
    locked = CloudAccount.objects.select_for_update().get(pk=account)
    worked_on = Run.objects.exclude(_free()).filter(deployment__account=account)
    return worked_on.count() < locked.at_once


def claimable(*, looks: bool | None = None) -> QuerySet[Run]:
    """Runs that nobody works on and a runner may take up, the next one first.

    ``looks``: only looks, or only what is none.
    """
    now = timezone.now()
    recent = Q(deployment__tenant__deployments__runs__queued_at__gte=now - RECENT)
    order = Case(
        When(state=RunState.FINISHING, then=Value(0)),
        When(state=RunState.CONFIRMED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    waiting = Run.objects.filter(_free(), state__in=CLAIMABLE).exclude(_held_back())
    if looks is not None:
        look = Q(operation=Operation.REFRESH)
        waiting = waiting.filter(look if looks else ~look)
    counted = waiting.annotate(
        rank=order,
        share=Count(
            "deployment__tenant__deployments__runs", filter=recent, distinct=True
        ),
    )
    return counted.select_related("deployment").order_by("rank", "share", "id")


def _held_back() -> Q:
    """Runs whose account is full or paused, whose deployment is frozen or waits until
    it is known what exists, and looks while there is one already.
    """
    worked_on = Run.objects.exclude(_free())
    of_account = worked_on.filter(deployment__account=OuterRef("pk")).order_by()
    counted = of_account.values("deployment__account").annotate(n=Count("pk"))
    load = counted.values("n")
    full = CloudAccount.objects.annotate(load=Coalesce(Subquery(load), 0)).filter(
        load__gte=F("at_once")
    )
    paused = CloudAccount.objects.filter(state=AccountState.PAUSED)
    building = Q(operation=Operation.APPLY) & ~Q(state=RunState.FINISHING)
    back = Q(deployment__account__in=full)
    back |= building & Q(deployment__account__in=paused)
    back |= UNSETTLED | (~Q(state=RunState.FINISHING) & ~Q(deployment__frozen=""))
    if worked_on.filter(operation=Operation.REFRESH).exists():
        back |= Q(operation=Operation.REFRESH)
    return back


def unsettled() -> QuerySet[Run]:
    """Runs that wait until it is known what exists, and whose cloud may be asked."""
    due = Q(ask_after=None) | Q(ask_after__lte=timezone.now())
    held = Run.objects.filter(due, UNSETTLED, deployment__frozen="")
    return held.select_related("deployment__tenant", "stack_version")


def abandoned() -> QuerySet[Run]:
    """Runs whose runner did not renew its lease."""
    return Run.objects.filter(state__in=HELD, lease_until__lte=timezone.now())
