"""What a plan, its add-ons and an exception for one subscription grant together.

By the type of what is granted:
1. boolean: there as soon as one of them grants it; none takes it away;
2. limit, and metered: plan plus add-ons, each times its quantity; without limit if one
   of them is; a metered one is hard only where all that grant it say so;
3. configuration: the add-on's value replaces the plan's, the one taken later the other;
4. an override of the subscription replaces whatever came out, also by less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce
from typing import Any

type Value = bool | int | str
type Both[V] = Callable[[V, V], V]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of what a meter counts; where it is not hard, more is only told."""

    limit: int | None
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """``features`` are booleans and configuration; a limit of None is none at all."""

    features: Mapping[str, Value] = field(default_factory=dict)
    limits: Mapping[str, int | None] = field(default_factory=dict)
    metered: Mapping[str, Allowance] = field(default_factory=dict)

    @property
    def licensed(self) -> dict[str, Any]:
        """Limits as a licence has them: a number, or what is allowed of a meter."""
        used = {
            meter: {"limit": allowed.limit, "hard": allowed.hard}
            for meter, allowed in self.metered.items()
        }
        return {**self.limits, **used}


NOTHING = Grant()


def merged(
    plan: Grant,
    addons: Iterable[tuple[Grant, Decimal]] = (),
    override: Grant = NOTHING,
) -> Grant:
    """The plan's grant with add-ons in the order taken, each so many times."""
    taken = (times(grant, quantity) for grant, quantity in addons if quantity > 0)
    together = reduce(plus, taken, plan)
    return Grant(
        {**together.features, **override.features},
        {**together.limits, **override.limits},
        {**together.metered, **override.metered},
    )


def times(grant: Grant, quantity: Decimal) -> Grant:
    """So many of one add-on: limits are multiplied, a part of one is rounded down."""
    return Grant(
        grant.features,
        {name: _times(limit, quantity) for name, limit in grant.limits.items()},
        {
            name: replace(allowed, limit=_times(allowed.limit, quantity))
            for name, allowed in grant.metered.items()
        },
    )


def plus(held: Grant, added: Grant) -> Grant:
    """Two grants as one; the second was taken later."""
    return Grant(
        _each(held.features, added.features, _feature),
        _each(held.limits, added.limits, _sum),
        _each(held.metered, added.metered, _allowance),
    )


def _each[V](
    held: Mapping[str, V], added: Mapping[str, V], both: Both[V]
) -> dict[str, V]:
    found = dict(held)
    for name, value in added.items():
        found[name] = both(held[name], value) if name in held else value
    return found


def _feature(held: Value, added: Value) -> Value:
    if isinstance(held, bool) and isinstance(added, bool):
        return held or added
    return held if added is False else added


def _sum(held: int | None, added: int | None) -> int | None:
    return None if held is None or added is None else held + added


def _allowance(held: Allowance, added: Allowance) -> Allowance:
    return Allowance(_sum(held.limit, added.limit), held.hard and added.hard)


def _times(limit: int | None, quantity: Decimal) -> int | None:
    return None if limit is None else int(limit * quantity)
