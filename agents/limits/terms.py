"""What narrows one agent's calls: its limits, bindings and egress entries.

They are read by one query, of the agent and of its roles (groups) together, and once
per call: ``held`` keeps them while the call goes on, so that the tool's schema, the
check of the arguments and the reservation decide on the same terms.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from agents.states import BindingKind, Measure, Per
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor

READ = """
WITH mine AS (
  SELECT id, NULL::integer AS role FROM agents_agent WHERE principal_id = %(principal)s
  UNION ALL
  SELECT NULL, group_id FROM accounts_user_groups WHERE user_id = %(principal)s
)
SELECT 'limit' AS what, jsonb_build_object(
    'pk', l.id, 'id', l.public_id, 'tool', l.tool, 'workflow', l.workflow,
    'measure', l.measure, 'per', l.per, 'currency', l.currency, 'most', l.most,
    'window', l."window", 'shadow', l.shadow, 'version', l.version) AS found
  FROM agents_limit l
  WHERE (l.agent_id IS NULL AND l.role_id IS NULL)
    OR l.agent_id IN (SELECT id FROM mine) OR l.role_id IN (SELECT role FROM mine)
UNION ALL
SELECT 'binding', jsonb_build_object(
    'id', b.public_id, 'tool', b.tool, 'argument', b.argument, 'kind', b.kind,
    'value', b.value)
  FROM agents_binding b
  WHERE b.agent_id IN (SELECT id FROM mine) OR b.role_id IN (SELECT role FROM mine)
UNION ALL
SELECT 'egress', to_jsonb(e.address) FROM agents_egressentry e
  WHERE e.agent_id IS NULL OR e.agent_id IN (SELECT id FROM mine)
"""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit as it is in force: ``most`` of a measure, for each ``per``, in a window.

    ``window`` is in seconds, 0 is for ever; amounts are minor units of ``currency``.
    """

    pk: int
    id: str
    tool: str
    workflow: str
    measure: Measure
    per: Per
    currency: str
    most: int
    window: int
    shadow: bool
    version: int


@dataclass(frozen=True, slots=True)
class Bound:
    """One binding of one argument; references to the session are filled in.

    ``unsaid``: the value is to come from the session, which does not say it; then
    nothing fits.
    """

    id: str
    tool: str
    argument: str
    kind: BindingKind
    value: Any
    unsaid: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that narrows the calls of one agent, beside its grants."""

    ceilings: tuple[Ceiling, ...] = ()
    bounds: Mapping[str, tuple[Bound, ...]] = field(default_factory=dict)  # by tool
    egress: frozenset[str] = frozenset()


_held: ContextVar[tuple[Actor, Terms] | None] = ContextVar("terms", default=None)


def of(actor: Actor) -> Terms:
    """The terms of an actor: those of the call that goes on, or read anew."""
    held = _held.get()
    if held is not None and held[0] is actor:
        return held[1]
    return _read(actor)


@contextmanager
def held(actor: Actor) -> Iterator[Terms]:
    """Read the actor's terms and keep them until the end of the block."""
    terms = _read(actor)
    token = _held.set((actor, terms))
    try:
        yield terms
    finally:
        _held.reset(token)


def _read(actor: Actor) -> Terms:
    with planes.cursor() as cursor:
        cursor.execute(READ, {"principal": actor.principal})
        rows = cursor.fetchall()
    found: dict[str, list[Any]] = defaultdict(list)
    for what, value in rows:
        found[what].append(json.loads(value))
    bounds: dict[str, list[Bound]] = defaultdict(list)
    for one in sorted(found["binding"], key=lambda b: str(b["id"])):
        bounds[one["tool"]].append(_bound(one, actor.session))
    return Terms(
        tuple(sorted(map(_ceiling, found["limit"]), key=lambda c: c.pk)),
        {tool: tuple(all_of_it) for tool, all_of_it in bounds.items()},
        frozenset(found["egress"]),
    )


def _ceiling(one: dict[str, Any]) -> Ceiling:
    one["measure"], one["per"] = Measure(one["measure"]), Per(one["per"])
    return Ceiling(**one)


def _bound(one: dict[str, Any], session: Mapping[str, str]) -> Bound:
    names = [_name(one["value"])]
    if isinstance(one["value"], list):
        names = [_name(item) for item in one["value"]]
        value: Any = [_filled(item, session) for item in one["value"]]
    else:
        value = _filled(one["value"], session)
    unsaid = any(name is not None and name not in session for name in names)
    kind = BindingKind(one["kind"])
    return Bound(one["id"], one["tool"], one["argument"], kind, value, unsaid)


def _name(value: Any) -> str | None:
    """The name in ``{"session": name}``; None for a plain value."""
    if isinstance(value, dict) and value.keys() == {"session"}:
        return str(value["session"])
    return None


def _filled(value: Any, session: Mapping[str, str]) -> Any:
    name = _name(value)
    return value if name is None else session.get(name)
