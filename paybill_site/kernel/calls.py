"""One call of one action, as gates see it and as the audit trail tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db import models
from pydantic import BaseModel

from paybill_site.kernel import audit, planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.models import reference
from paybill_site.kernel.schemas import masked

if TYPE_CHECKING:
    from paybill_site.kernel.actions import AnyAction

KEY_SHOWN, REASON_SHOWN = 200, 2000
_told: ContextVar[Mapping[str, Any]] = ContextVar("told", default=MappingProxyType({}))


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of one action.

    ``facts`` are what gates add for the audit; ``notes`` what they hand to closings,
    by whose it is, and nobody records.
    """

    action: AnyAction
    target: Any
    data: Any
    actor: Actor
    key: str = ""
    reason: str = ""
    version: str = ""
    approval: str = ""
    run: str = ""  # of a workflow, in which this is a step
    rehearsal: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of action, target, arguments and run, for idempotency."""
        data = self.data
        if isinstance(data, BaseModel):
            data = data.model_dump(mode="json")
        said = [self.action.name, self.target_name(), data]
        # Outside of workflows it is the digest that stored keys have always had.
        return audit.digest_of([*said, self.run] if self.run else said)

    def target_name(self, made: Any = None) -> str:
        """``billing.invoice:inv_...``, also for a target that was never found."""
        target = self.target or made
        if isinstance(target, models.Model):
            return reference(target)
        shown = str(target or "")
        known = shown if is_id(shown) or not shown else "?"
        return f"{self.action.model._meta.label_lower}:{known}"


@contextmanager
def telling(**facts: Any) -> Iterator[None]:
    """Let every audit entry of the block tell what the door knows: tool, digests."""
    token = _told.set({**_told.get(), **facts})
    try:
        yield
    finally:
        _told.reset(token)


type Witness = Callable[[Call, str, Mapping[str, Any]], None]
_witnesses: list[Witness] = []


def witness(function: Witness) -> Witness:
    """Register what keeps ``(call, outcome, facts)`` of a decision beside its record.

    It is called in the transaction of the audit entry, so both stand or neither.
    """
    _witnesses.append(function)
    return function


def record(
    call: Call, outcome: str, *, facts: Mapping[str, Any], result: Any = None
) -> None:
    """Append the audit entry of a call, in the transaction that is open."""
    target = call.target if isinstance(call.target, models.Model) else None
    actor = call.actor
    audit.append(
        call.action().concerns(target, result),
        action=call.action.name,
        actor=actor.id,
        target=call.target_name(result),
        outcome=outcome,
        facts={
            **_told.get(),
            **call.facts,
            **facts,
            # No digest of what is masked: a short secret could be guessed from it.
            "arguments": masked(call.data),
            "key": call.key[:KEY_SHOWN],
            "reason": call.reason[:REASON_SHOWN],
            "via": actor.via,
            "impersonator": actor.impersonator,
            # The person for whom an agent acts stands beside it, or nobody does.
            **({"behalf": actor.behalf.id} if actor.behalf else {}),
            "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
        },
    )
    for keep in _witnesses:
        keep(call, outcome, facts)


def record_refusal(call: Call, refusal: PaybillError) -> None:
    """Append who was refused what, and by which rule, in a transaction of its own."""
    rule = str(refusal.members.get("rule", refusal.code))
    with planes.atomic(durable=True):
        record(call, "denied", facts={"rule": rule, "why": refusal.detail})
