"""Actions: one verb, one class, and ``perform`` to run it from every door.

``perform`` in order (there is no flag that skips a part):
1. parse the input against its schema; open the transaction of the plane;
2. the idempotency key, if any: the same again returns the same, as far as the caller
   still may;
3. find the target among the rows that the actor may see (else: not found), lock it;
4. the permission on that row, then every registered gate (workflow, limits, approval);
5. ``run``: database only; transitions and events are collected on the way. For an
   agent (and in a rehearsal) deferred constraints are checked here and the changed
   rows are read; then every registered closing check (blast radius, limits);
6. the outbox, then the audit entry (its chain head is the last lock); commit.
A refusal rolls everything back and is then recorded in a transaction of its own
before the caller learns of it. A rehearsal is the same call, rolled back at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from django.db import DatabaseError, models
from pydantic import BaseModel

from paybill_site.kernel import (
    acts,
    audit,
    history,
    keys,
    outbox,
    planes,
    rehearsals,
    targets,
    tasks,
)
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.calls import Call, record, record_refusal
from paybill_site.kernel.errors import (
    Conflict,
    Invalid,
    PaybillError,
)
from paybill_site.kernel.events import Event
from paybill_site.kernel.inputs import Input, NoInput, invalid, parse
from paybill_site.kernel.rehearsals import Rehearsal
from paybill_site.kernel.schemas import snapshot

__all__ = [
    "Action",
    "AnyAction",
    "Call",
    "Danger",
    "Input",
    "NoInput",
    "Outcome",
    "Rehearsal",
    "closing",
    "gate",
    "invalid",
    "perform",
    "registry",
    "rehearse",
    "rehearsed",
    "tenant_of",
]

# Unique and exclusion constraints, serialisation, deadlock, lock not available.
LOST_RACES = frozenset({"23505", "23P01", "40001", "40P01", "55P03"})


class Danger(StrEnum):
    """How much an action can break: decides confirmation and re-authentication."""

    SAFE = "safe"
    CAREFUL = "careful"
    DESTRUCTIVE = "destructive"


class Action[M: models.Model | None, D: Input, R]:
    """One mutation. Subclasses declare the class variables and ``run``.

    ``model``: what it acts on; ``creates``: there is no target yet; ``permission``:
    ``app.codename`` that the actor must hold on the target; ``by_row``: held in any
    account is enough, ``run`` takes no row but by ``permitted``; ``agents``: agents may
    meet it as a tool; ``own``: on the caller's own rows, for which a token needs no
    scope; ``always_open``: done in a plane whose licence is over, too. The docstring's
    first line is what people and agents read.

    ``most_rows``: how many rows of the product an agent's call may change;
    ``spends``: ``run`` tells by ``acts.spend`` what money it moves;
    ``approval``: of a workflow's Moment says why a person has to agree, or "".

    What agents are told of it, and tests hold it to: ``Output`` is what ``present``
    returns; ``overwrites`` names the fields of existing rows that it changes, as in
    ``storefront.variant.stock`` (None: anything); ``idempotent``: done again it changes
    nothing more; ``emits``: the events that it may send (None: any).
    """

    model: ClassVar[type[models.Model]]
    Input: ClassVar[type[Input]] = NoInput
    permission: ClassVar[str]
    danger: ClassVar[Danger] = Danger.SAFE
    creates: ClassVar[bool] = False
    by_row: ClassVar[bool] = False
    agents: ClassVar[bool] = False
    always_open: ClassVar[bool] = False
    own: ClassVar[bool] = False
    approval: ClassVar[Callable[[Any], str] | None] = None
    name: ClassVar[str]
    legal_in: ClassVar[frozenset[str] | None] = None  # states in which a door shows it
    most_rows: ClassVar[int] = 100
    spends: ClassVar[bool] = False
    Output: ClassVar[type[BaseModel] | None] = None
    overwrites: ClassVar[frozenset[str] | None] = None
    idempotent: ClassVar[bool] = False
    emits: ClassVar[tuple[type[Event], ...] | None] = None

    def __init_subclass__(cls) -> None:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.name = f"{cls.model._meta.app_label}.{snake}"
        registry[cls.name] = cls

    @classmethod
    def label(cls) -> str:
        """Words for a button: ``CancelRun`` -> "Cancel run"."""
        return re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).capitalize()

    @classmethod
    def description(cls) -> str:
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def run(self, target: M, data: D, *, actor: Actor) -> R:
        """Do it, in the database only. Raises PaybillError to refuse."""
        raise TypeError(f"{type(self).__name__} does not say what it does")

    @classmethod
    def amount(cls, target: M, data: D) -> tuple[int, str] | None:
        """The money that it moves: minor units and currency, as far as known before.

        Where ``run`` works the amount out, it tells it by ``acts.spend`` instead.
        """
        return None

    @classmethod
    def tells_money(cls) -> bool:
        """Whether a limit of amounts on this action counts anything."""
        said: Any = cls.amount
        silent: Any = Action.amount
        return cls.spends or said.__func__ is not silent.__func__

    def concerns(self, target: M, result: R | None) -> str:
        """The audit chain: the tenant's public id, else the app's name."""
        row: Any = result if isinstance(result, models.Model) else target
        return tenant_of(row) or self.model._meta.app_label

    def present(self, result: R) -> dict[str, Any]:
        """What doors return: JSON values only. Stored with an idempotency key."""
        if not isinstance(result, models.Model):
            return {}
        shown = {"id": getattr(result, "public_id", str(result.pk))}
        if hasattr(result, "state"):
            shown["state"] = str(result.state)
        return shown

    def presented(self, result: R) -> dict[str, Any]:
        """What ``present`` returns. Raises ValueError where that is no ``Output``."""
        shown = self.present(result)
        if self.Output is not None:
            self.Output.model_validate(shown)
        return shown

    def recall(self, output: Mapping[str, Any]) -> Any:
        """The result of an earlier call from its stored output."""
        rows: Any = self.model._base_manager
        return rows.filter(public_id=output.get("id", "")).first()


type AnyAction = type[Action[Any, Any, Any]]
registry: dict[str, AnyAction] = {}


def tenant_of(row: Any) -> str:
    """Public id of the tenant that a control-plane row concerns, or ""."""
    if planes.here().schema != planes.CONTROL.schema:
        return planes.here().tenant
    if row is None:
        return ""
    if row._meta.label == "tenants.Tenant":
        return str(row.public_id)
    tenant = getattr(row, "tenant", None)
    return str(getattr(tenant, "public_id", "") or "")


@dataclass(frozen=True, slots=True)
class Outcome[R]:
    """What an action returned; ``repeated`` when its key had been used before."""

    result: R
    output: dict[str, Any]
    repeated: bool = False


class _RolledBack(Exception):
    """Ends the transaction of a rehearsal."""

    def __init__(self, shown: Rehearsal) -> None:
        self.shown = shown


type Gate = Callable[[Call], None]
type Closing = Callable[[Call, acts.Act, Any], None]
_gates: list[Gate] = []
_closings: list[Closing] = []
_rehearsed: list[Gate] = []


def gate(function: Gate) -> Gate:
    """Register a check in the transaction, after the permission; raises to refuse."""
    _gates.append(function)
    return function


def closing(function: Closing) -> Closing:
    """Register a check of ``(call, act, result)`` after ``run``, in its transaction.

    It raises to refuse, and then nothing happened; rehearsals pass it too.
    """
    _closings.append(function)
    return function


def rehearsed(function: Gate) -> Gate:
    """Register what stays of a rehearsal, in the transaction of its record."""
    _rehearsed.append(function)
    return function


def perform[M: models.Model | None, D: Input, R](  # noqa: PLR0913 - what a call consists of
    action: type[Action[M, D, R]],
    target: M | str | None = None,
    data: D | Mapping[str, Any] | None = None,
    *,
    actor: Actor,
    key: str = "",
    reason: str = "",
    version: str = "",
    approval: str = "",
    run: str = "",
) -> Outcome[R]:
    """Run an action as an actor and commit it with its audit entry and events.

    ``target`` is a row or its public id; ``data`` an Input or JSON values; ``key``
    an idempotency key of the caller's; ``version`` the version the caller saw;
    ``approval`` what a person allowed; ``run`` the workflow's run whose step this is.
    Raises PaybillError (recorded before it is raised) when it is refused.
    """
    if key and actor.kind is Kind.ANONYMOUS:
        raise Invalid("an idempotency key needs somebody whose it is")
    call = Call(
        action=action,
        target=target,
        data=data,
        actor=actor,
        key=key,
        reason=reason,
        version=version,
        approval=approval,
        run=run,
    )
    outcome: Outcome[R] = _guarded(call, _perform)
    return outcome


def rehearse(
    action: AnyAction,
    target: Any = None,
    data: Any = None,
    *,
    actor: Actor,
    reason: str = "",
    run: str = "",
) -> Rehearsal:
    """Run an action for show: same guards, same constraints, then rolled back."""
    call = Call(
        action=action,
        target=target,
        data=data,
        actor=actor,
        reason=reason,
        run=run,
        rehearsal=True,
    )
    shown: Rehearsal = _guarded(call, _rehearse)
    return shown


def _guarded[T](call: Call, run: Callable[[Call], T]) -> T:
    if acts.going_on():
        raise RuntimeError(f"{call.action.name}: an action never calls an action")
    try:
        call.data = parse(call.action.Input, call.data)
        with _races_told():
            return run(call)
    except PaybillError as refusal:
        record_refusal(call, refusal)
        raise


@contextmanager
def _races_told() -> Iterator[None]:
    """Two requests at once: the one that lost is told so, it did not find a bug."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) in LOST_RACES:
            raise Conflict from error
        raise


def _perform(call: Call) -> Outcome[Any]:
    # Durable: inside somebody's transaction neither the effect nor a refusal's
    # record would be certain when the caller learns of it.
    with planes.atomic(durable=True):
        if call.key:
            earlier = keys.claim(call.actor, call.key, call.action.name, call.digest)
            if earlier is not None:
                targets.permit_again(call)
                recalled = call.action().recall(earlier)
                return Outcome(recalled, earlier, repeated=True)
        result, act = _run(call)
        output = call.action().presented(result)
        if call.key:
            keys.keep(call.actor, call.key, output)
        _commit(call, act, result, output)
    return Outcome(result, output)


def _rehearse(call: Call) -> Rehearsal:
    try:
        with planes.atomic(durable=True):
            target = targets.find(call)
            before = snapshot(target) if rehearsals.is_apart(target) else {}
            result, act = _run(call)
            raise _RolledBack(_shown(call, before, result, act))
    except _RolledBack as end:
        shown = end.shown
    with planes.atomic():
        for count in _rehearsed:
            count(call)
        record(call, "rehearsed", facts={"changes": audit.digest_of(shown.changes)})
    return shown


def _run(call: Call) -> tuple[Any, acts.Act]:
    act = acts.Act(call.action.name, call.actor, call.reason, call.rehearsal)
    call.target = targets.find(call)
    targets.permit(call)
    for check in _gates:
        check(call)
    begun = history.begun()
    with acts.entered(act):
        result = call.action().run(call.target, call.data, actor=call.actor)
        # What an agent does is measured; the rest is only watched in a rehearsal.
        if call.rehearsal or call.actor.kind is Kind.AGENT:
            act.rows = history.settled(begun)
        for close in _closings:
            close(call, act, result)
    return result, act


def _commit(call: Call, act: acts.Act, result: Any, output: dict[str, Any]) -> None:
    outbox.store(act.events, call.actor)
    record(
        call,
        "done",
        result=result,
        facts={
            "output": output,
            "events": [event.name for event in act.events],
            "rows": rehearsals.versions(act.rows),
        },
    )
    if act.events:
        planes.on_commit(tasks.drain_soon)


def _shown(call: Call, before: dict[str, Any], result: Any, act: acts.Act) -> Rehearsal:
    events = [{"name": e.name, **e.model_dump(mode="json")} for e in act.events]
    changed = rehearsals.changes(act.rows, call.target, before, result)
    return Rehearsal(call.action().presented(result), tuple(changed), tuple(events))
