"""Agents and roles against permissions: what is granted on everything, and on objects.

The table is read in a number of queries that does not grow with any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import F, Model, Q

from agents.access.who import permissions_of
from agents.access.why import NAME, NAMED
from agents.models import Agent, Role
from agents.tools import catalogue
from paybill_site.kernel.actors import Actor

MOST_OBJECTS, MOST_HOLDERS = 10, 100


@dataclass(frozen=True, slots=True)
class Cell:
    """One permission of one holder, on everything ("") or on one object."""

    permission: str
    object: str
    held: bool
    inherited: bool  # on everything, so this object too
    mine: bool  # whether the one who looks could grant it


@dataclass(frozen=True, slots=True)
class Column:
    """A permission on everything ("") or on one object."""

    permission: str
    object: str

    @property
    def words(self) -> str:
        """The permission without its app, which the page says already."""
        return self.permission.partition(".")[2].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Line:
    """An agent or a role with its cells, in the order of the columns."""

    id: str
    name: str
    role: bool
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: Sequence[Column]
    lines: Sequence[Line]
    more: bool  # there are more agents or roles than are shown


def models() -> list[type[Model]]:
    """The models on whose rows agents can be given something, by name."""
    found = filter(permissions_of, catalogue.models_here())
    return sorted(found, key=lambda model: str(model._meta.verbose_name_plural))


def objects(model: type[Model], ids: Iterable[str], actor: Actor) -> list[Any]:
    """Those of the objects that the actor may see, in the order of their ids."""
    if not hasattr(model, "object_grants"):
        return []
    rows: Any = model._default_manager
    found: list[Any] = list(
        rows.visible_to(actor).filter(public_id__in=list(ids)[:MOST_OBJECTS])
    )
    return sorted(found, key=lambda row: str(row.public_id))


def of(
    model: type[Model], rows: Sequence[Any], actor: Actor, named: str = ""
) -> Matrix:
    """The matrix of a model's permissions, on everything and on these rows.

    ``named``: only of agents and roles with this in their names.
    """
    names = permissions_of(model)
    agents, roles = (_called(named, kind, actor) for kind in (Agent, Role))
    more = max(len(agents), len(roles)) > MOST_HOLDERS
    wide = _on_everything(names)
    single = _on_rows(model, rows)
    could = _could(model, rows, names, actor)
    columns = [Column(name, there) for name in names for there in ("", *_ids(rows))]

    def line(key: tuple[str, int], id_: str, name: str) -> Line:
        cells = []
        for one in columns:
            everywhere = one.permission in wide[key]
            held = (one.permission, one.object) in single[key]
            cells.append(
                Cell(
                    permission=one.permission,
                    object=one.object,
                    held=held if one.object else everywhere,
                    inherited=bool(one.object) and everywhere,
                    mine=(one.permission, one.object) in could,
                )
            )
        return Line(id_, name, key[0] == "group", cells)

    return Matrix(
        columns,
        [
            *(
                line(("group", r.group_id), r.public_id, r.name)
                for r in roles[:MOST_HOLDERS]
            ),
            *(
                line(("user", a.principal_id), a.public_id, a.name)
                for a in agents[:MOST_HOLDERS]
            ),
        ],
        more,
    )


def _called(named: str, kind: type[Agent] | type[Role], actor: Actor) -> list[Any]:
    """Those with this in their names, and one more than are shown."""
    rows: Any = kind._default_manager
    found = rows.visible_to(actor).filter(name__icontains=named)
    return list(found.order_by("name")[: MOST_HOLDERS + 1])


def _ids(rows: Sequence[Any]) -> list[str]:
    return [row.public_id for row in rows]


def _on_everything(names: Sequence[str]) -> dict[tuple[str, int], set[str]]:
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    wide = Permission.objects.annotate(full=NAME).filter(full__in=names).order_by()
    for kind in ("user", "group"):
        held = wide.filter(~Q(**{kind: None})).values_list("full", F(kind))
        for name, holder in held:
            found[kind, holder].add(name)
    return found


def _on_rows(
    model: type[Model], rows: Sequence[Any]
) -> dict[tuple[str, int], set[tuple[str, str]]]:
    found: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    tables = getattr(model, "object_grants", None)
    if tables is None or not rows:
        return found
    for kind, table in zip(("user", "group"), tables, strict=True):
        held = table.objects.filter(content_object__in=rows).annotate(full=NAMED)
        for name, holder, there in held.values_list(
            "full", kind, "content_object__public_id"
        ):
            found[kind, holder].add((name, there))
    return found


def _could(
    model: type[Model], rows: Sequence[Any], names: Sequence[str], actor: Actor
) -> set[tuple[str, str]]:
    """What the actor holds and so could grant; a query for each permission."""
    could = set()
    manager: Any = model._default_manager
    for name in names:
        if actor.may(name):
            could |= {(name, there) for there in ("", *_ids(rows))}
        elif rows:
            held = manager.permitted(actor, name).filter(pk__in=[r.pk for r in rows])
            could |= {(name, there) for there in held.values_list("public_id", flat=1)}
    return could
