"""What one call uses up, and of which limits: worked out without the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agents.limits.terms import Ceiling
from agents.states import Measure, Per
from paybill_site.kernel.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One call, in the measures of limits.

    ``object`` is what it is about (``storefront.order:ord_..``, "" when nothing in
    particular), ``objects`` what it read or changed, ``amounts`` money in minor units
    by currency. ``part``: only these measures are asked for now.
    """

    actor: Actor
    tool: str
    workflow: str = ""
    object: str = ""
    calls: int = 1
    rows: int = 0
    objects: frozenset[str] = frozenset()
    amounts: Mapping[str, int] = field(default_factory=dict)
    part: frozenset[Measure] = frozenset(Measure)


@dataclass(frozen=True, slots=True)
class Claim:
    """So much of one limit for one subject; ``objects`` count once in the window."""

    ceiling: Ceiling
    subject: str
    starts_at: datetime
    n: int
    objects: tuple[str, ...] | None = None

    @property
    def resets_at(self) -> datetime | None:
        """When the window ends; None when it never does."""
        if self.ceiling.per is Per.CALL or not self.ceiling.window:
            return None
        return self.starts_at + timedelta(seconds=self.ceiling.window)


def claims(ceilings: Iterable[Ceiling], use: Use, now: datetime) -> list[Claim]:
    """What the call takes of each limit that concerns it; nothing of the others."""
    return [
        Claim(
            ceiling,
            _subject(ceiling, use),
            begin(ceiling.window, now),
            _count(ceiling, use),
            tuple(sorted(use.objects)) if _is_of_objects(ceiling) else None,
        )
        for ceiling in _concerned(ceilings, use)
        if _count(ceiling, use)
    ]


def foreign(ceilings: Iterable[Ceiling], use: Use) -> Iterator[str]:
    """Currencies of the call that none of its limits of amounts counts, if it has any.

    An amount that nobody thought of must not be the way around a limit.
    """
    counted = {
        ceiling.currency
        for ceiling in _concerned(ceilings, use, of_any=True)
        if ceiling.measure is Measure.AMOUNT and not ceiling.shadow
    }
    if counted:
        yield from sorted(set(use.amounts) - counted)


def begin(window: int, now: datetime) -> datetime:
    """The beginning of the window: a multiple of its length since 1970, in UTC."""
    if not window:
        return datetime.fromtimestamp(0, UTC)
    past = int(now.timestamp())
    return datetime.fromtimestamp(past - past % window, UTC)


def _concerned(
    ceilings: Iterable[Ceiling], use: Use, *, of_any: bool = False
) -> Iterator[Ceiling]:
    for ceiling in ceilings:
        if (
            ceiling.measure in use.part
            and ceiling.tool in {"", use.tool}
            and ceiling.workflow in {"", use.workflow}
            and (of_any or _subject(ceiling, use))
        ):
            yield ceiling


def _count(ceiling: Ceiling, use: Use) -> int:
    if ceiling.measure is Measure.CALLS:
        return use.calls
    if ceiling.measure is Measure.ROWS:
        return use.rows
    if ceiling.measure is Measure.OBJECTS:
        return len(use.objects)
    return use.amounts.get(ceiling.currency, 0)


def _is_of_objects(ceiling: Ceiling) -> bool:
    return ceiling.measure is Measure.OBJECTS and ceiling.per is not Per.CALL


def _subject(ceiling: Ceiling, use: Use) -> str:
    """Whose use is counted together; "" when the limit says nothing about the call."""
    if ceiling.per is Per.WORKFLOW:
        return f"workflow:{use.workflow}" if use.workflow else ""
    if ceiling.per is Per.OBJECT:
        return use.object
    return {
        Per.CALL: "call",
        Per.AGENT: use.actor.id,
        Per.TOKEN: f"token:{use.actor.counted}" if use.actor.counted else use.actor.id,
        Per.TOOL: f"tool:{use.tool}",
    }[ceiling.per]
