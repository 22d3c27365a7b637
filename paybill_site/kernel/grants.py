"""What the roles of a plane may do with its tables; renewed after every migration.

The running code gets rows, not structure. A model with ``append_only = True`` can be
added to and read; its rows are also guarded by triggers, which only the owner could
take away, and nobody who serves requests is the owner.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import models

from paybill_site.kernel.planes import plane_labels
from paybill_site.kernel.roles import quote, role_of

# Columns that agents may read, by table; filled by tool declarations.
_exposed: dict[str, frozenset[str]] = {}

type Wall = Callable[[str], Iterable[str]]
_walls: list[Wall] = []

GUARD = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def expose(model: type[models.Model], fields: list[str]) -> None:
    """Let agents' read tools see these fields of ``model``; called in ``ready()``."""
    columns = [_column(model, f) for f in fields]
    table = model._meta.db_table
    _exposed[table] = _exposed.get(table, frozenset()).union(columns)


def wall(function: Wall) -> Wall:
    """Register statements that guard the tables of a plane's schema.

    They are repeatable, and are carried out by the owner with every renewal.
    """
    _walls.append(function)
    return function


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field) or field.column is None:
        raise ValueError(f"{model._meta.label}.{name} has no column of its own")
    return field.column


def exposed(schema: str) -> dict[str, list[str]]:
    """Table -> sorted columns that the agent role of a plane may read."""
    return {
        table: sorted(_exposed[table])
        for table in sorted(model._meta.db_table for model in models_of(schema))
        if table in _exposed
    }


def digest_source(schema: str) -> str:
    """All that ``renew`` would set, as text: another text is another version."""
    walls = [list(statements(schema)) for statements in _walls]
    return json.dumps([append_only_tables(schema), exposed(schema), walls])


def renew(cursor: Any, schema: str) -> None:
    """Set all rights in the entered plane anew; ``cursor`` acts as its owner."""
    guarded = append_only_tables(schema)
    cursor.execute("; ".join(_rights(schema, guarded)))
    cursor.execute(GUARD)
    for table in guarded:
        cursor.execute("; ".join(_triggers(table)))
    for statements in _walls:
        cursor.execute("; ".join(statements(schema)))


def models_of(schema: str) -> Iterator[type[models.Model]]:
    """Every model whose table is in the plane of ``schema``, automatic ones too."""
    labels = plane_labels(schema)
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.app_label in labels and meta.managed and not meta.proxy:
            yield model


def append_only_tables(schema: str) -> list[str]:
    """Tables to which rows can be added and nothing else, sorted."""
    return sorted(
        model._meta.db_table
        for model in models_of(schema)
        if getattr(model, "append_only", False)
    )


def _rights(schema: str, guarded: list[str]) -> Iterator[str]:
    app, agent = (quote(role_of(schema, kind)) for kind in ("app", "agent"))
    where = f"IN SCHEMA {quote(schema)}"
    yield f"GRANT USAGE ON SCHEMA {quote(schema)} TO {app}, {agent}"
    yield f"REVOKE ALL ON ALL TABLES {where} FROM {app}, {agent}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES {where} TO {app}"
    yield f"GRANT USAGE ON ALL SEQUENCES {where} TO {app}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}"
    for table in guarded:
        yield f"REVOKE UPDATE, DELETE ON {quote(table)} FROM {app}"
    for table, columns in exposed(schema).items():
        listed = ", ".join(quote(column) for column in columns)
        yield f"GRANT SELECT ({listed}) ON {quote(table)} TO {agent}"


def _triggers(table: str) -> Iterator[str]:
    create = "CREATE OR REPLACE TRIGGER"
    on = f"ON {quote(table)}"
    run = "EXECUTE FUNCTION refuse_change()"
    yield f"{create} no_change BEFORE UPDATE OR DELETE {on} FOR EACH ROW {run}"
    # A row trigger does not see TRUNCATE.
    yield f"{create} no_truncate BEFORE TRUNCATE {on} FOR EACH STATEMENT {run}"
