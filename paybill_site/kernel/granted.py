"""The condition that a permission was granted on a row, written as SQL at once.

Put together through the query API, it takes longer than the database needs to answer;
and it is asked with every call of an agent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Expression, F, Model

from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.permissions import TABLE, Number, numbered

OF_USER = "g.user_id = %s"
OF_ROLES = "g.group_id = ANY (%s)"
# The groups of the principal, found once for the statement: they are few.
OF_GROUPS = (
    "g.group_id = ANY (ARRAY(SELECT group_id FROM {members} WHERE user_id = %s))"
)
SOME = (
    "SELECT p.id FROM unnest(%s::int[]) p(id) WHERE EXISTS"
    " (SELECT FROM {table} g WHERE {holder} AND g.permission_id = p.id AND {same})"
)
SAME = f"{TABLE} = %s"


class Form(StrEnum):
    """How the question is put; what it answers is the same.

    Few rows are each looked up. All rows of a holder come from its grants, which lie in
    the order of the rows, so a page of them needs no more grants than a page. Each of
    the two is thousands of times slower where the other one fits, and the planner can
    not tell: it does not know how many grants this holder has.
    """

    # A range, because for an equality it may read all grants into a hash first.
    EACH = (
        "EXISTS (SELECT FROM {table} g WHERE {holder} AND g.permission_id = %s"
        " AND g.content_object_id BETWEEN {row} AND {row} AND {same})"
    )
    ALL = (
        "{row} IN (SELECT g.content_object_id FROM {table} g"
        " WHERE {holder} AND g.permission_id = %s AND {same}{span})"
    )


# Numbers of rows between which a page lies, without the two; None: no end.
type Span = tuple[int | None, int | None]
WHOLE: Span = (None, None)


class Granted(Expression):
    """True on rows on which the permission was granted to the holder.

    Within ``span``: grants before the page are not looked through for it.
    """

    conditional = True
    output_field = BooleanField()

    def __init__(
        self,
        table: str,
        holder: str,
        held_by: Any,
        number: Number,
        form: Form,
        span: Span = WHOLE,
    ) -> None:
        super().__init__()
        self.row: Any = F("pk")
        self.table, self.holder, self.held_by = table, holder, held_by
        self.number, self.form, self.span = number, form, span

    def get_source_expressions(self) -> list[Any]:
        return [self.row]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.row,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        row, params = compiler.compile(self.row)
        ends = [(">", self.span[0]), ("<", self.span[1])]
        ends = [(sign, end) for sign, end in ends if end is not None]
        sql = self.form.format(
            table=connection.ops.quote_name(self.table),
            holder=self.holder,
            row=row,
            same=SAME,
            span="".join(f" AND g.content_object_id {sign} %s" for sign, _ in ends),
        )
        own = (self.held_by, self.number.id)
        if self.form is Form.EACH:
            return sql, (*own, *params, *params, self.number.table)
        return sql, (*params, *own, self.number.table, *(end for _, end in ends))


def ways(
    model: type[Model], actor: Actor, permission: str, form: Form, span: Span = WHOLE
) -> Iterator[Granted]:
    """By which grants the actor may hold the permission on rows of the model."""
    number = numbered(permission) if hasattr(model, "object_grants") else None
    if number is not None:
        for table, holder, held_by in _holders(model, actor):
            yield Granted(table, holder, held_by, number, form, span)


def somewhere(actor: Actor, asked: Mapping[type[Model], Iterable[str]]) -> set[str]:
    """Those of the permissions that were granted to the actor on some row. One query.

    ``asked`` are permissions on rows, by their model.
    """
    told: dict[int, str] = {}
    questions: list[str] = []
    params: list[Any] = []
    for model, names in asked.items():
        known = {name: number for name in names if (number := numbered(name))}
        told |= {number.id: name for name, number in known.items()}
        ids, of = [n.id for n in known.values()], [n.table for n in known.values()][:1]
        for table, holder, held_by in _holders(model, actor) if ids else ():
            questions.append(SOME.format(table=f'"{table}"', holder=holder, same=SAME))
            params += [ids, held_by, *of]
    if not questions:
        return set()
    with planes.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(questions), params)
        return {told[number] for (number,) in cursor.fetchall()}


def _holders(model: type[Model], actor: Actor) -> Iterator[tuple[str, str, Any]]:
    """Tables of grants on the model's rows, and how the actor is named there."""
    tables: tuple[Any, Any] | None = getattr(model, "object_grants", None)
    if tables is None or actor.principal is None:
        return
    to_user, to_group = (table._meta.db_table for table in tables)
    yield to_user, OF_USER, actor.principal
    if actor.roles is None:
        members = get_user_model().groups.through._meta.db_table
        yield to_group, OF_GROUPS.format(members=f'"{members}"'), actor.principal
    elif actor.roles:
        yield to_group, OF_ROLES, list(actor.roles)
