"""What a rule matches now, as far as the person who looks may see the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.access import conditions
from agents.errors import NotGrantable
from agents.tools import catalogue
from paybill_site.kernel.actors import Actor

FIRST, COUNTED = 10, 1000


@dataclass(frozen=True, slots=True)
class Matched:
    """How many rows match, at most COUNTED of them counted, and the first ones.

    ``sessions`` are the names that a session has to bring along: until one does,
    nothing matches, and what is shown holds whatever the session says.
    """

    count: int
    rows: Sequence[tuple[str, str]]  # public id, and what the row is called
    sessions: Sequence[str] = ()
    gone: bool = False

    @property
    def more(self) -> bool:
        return self.count > COUNTED


def matched(
    permission: str, filters: Sequence[Mapping[str, Any]], actor: Actor
) -> Matched:
    """The rows that the actor may see among those that the filter means."""
    try:
        model = catalogue.model_of(permission)
    except NotGrantable:
        return Matched(0, (), gone=True)
    names = [conditions.session_name(one.get("value")) for one in filters]
    fixed = [one for one, name in zip(filters, names, strict=True) if not name]
    rows: Any = model._default_manager
    found = rows.visible_to(actor)
    if fixed:
        found = found.filter(conditions.matching(model, fixed, {}))
    first = [(row.public_id, str(row)) for row in found.order_by("-pk")[:FIRST]]
    # Beyond that an exact figure costs more than it tells.
    count = found.order_by().values("pk")[: COUNTED + 1].count()
    return Matched(count, first, [name for name in names if name])


def of_new(data: Mapping[str, Any], actor: Actor) -> Matched:
    """The same of a rule that is not kept yet. Raises Invalid and NotGrantable."""
    filters = conditions.checked(data["permission"], data["conditions"])
    return matched(data["permission"], filters, actor)
