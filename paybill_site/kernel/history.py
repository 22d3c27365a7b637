"""What a transaction did to the product's rows: noted by the database, row by row.

A trigger on every table of the product's apps (in tenants' planes) notes each row that
is inserted, updated or deleted, with its text before and after: also rows that a
cascade or another trigger touched, which no code that ran could tell. The trigger
writes as the owner of the plane; who serves requests can read the notes and neither
add to, change nor delete them. ``changes`` compacts the notes of the open transaction.

Rows of the frame itself (audit, outbox, keys, users, agents) and grants on single rows
are not the product's, and the control plane has none: ``tracked`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from paybill_site.kernel import grants, planes
from paybill_site.kernel.roles import quote, role_of

KEPT = timedelta(days=30)

# ``at`` tells the transaction from one of the same number on a server that the plane
# was moved from. Ordered by name, this trigger is the first: a trigger that changes the
# same row again is noted after the change that set it off.
NOTE = """
CREATE OR REPLACE FUNCTION {schema}.note_row() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old_row jsonb := CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
  new_row jsonb := CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
  tx bigint := pg_current_xact_id()::text::bigint;
BEGIN
  IF old_row = new_row THEN
    RETURN NULL;
  END IF;
  IF old_row ->> TG_ARGV[0] <> new_row ->> TG_ARGV[0] THEN
    INSERT INTO {schema}.kernel_rowchange (tx, table_name, row_key, before, at)
      VALUES (tx, TG_TABLE_NAME, old_row ->> TG_ARGV[0], old_row, now());
    old_row := NULL;
  END IF;
  INSERT INTO {schema}.kernel_rowchange (tx, table_name, row_key, before, after, at)
    VALUES (tx, TG_TABLE_NAME,
      coalesce(new_row ->> TG_ARGV[0], old_row ->> TG_ARGV[0]),
      old_row, new_row, now());
  RETURN NULL;
END $$
"""

FORGET = """
CREATE OR REPLACE FUNCTION {schema}.forget_rows(kept interval, batch integer)
RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE gone integer;
BEGIN
  DELETE FROM {schema}.kernel_rowchange WHERE id IN (
    SELECT id FROM {schema}.kernel_rowchange
    WHERE at < now() - greatest(kept, interval '1 day') ORDER BY id LIMIT batch);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$
"""

READ = """
SELECT table_name, row_key, (array_agg(before ORDER BY id))[1]::text,
  (array_agg(after ORDER BY id DESC))[1]::text
FROM kernel_rowchange
WHERE tx = pg_current_xact_id_if_assigned()::text::bigint
  AND at = now() AND id > {since}
GROUP BY table_name, row_key ORDER BY min(id)
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """One row, before and after: column -> value as JSON; None where it was not."""

    model: type[models.Model]
    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def reference(self) -> str:
        """``storefront.order:ord_...``, or with the key where there is no public id."""
        row = self.after or self.before or {}
        return f"{self.model._meta.label_lower}:{row.get('public_id') or self.key}"


@cache
def tracked(schema: str) -> Mapping[str, type[models.Model]]:
    """The tables of the product in a tenant's plane, with their models; else none."""
    if not schema or schema == planes.CONTROL.schema:
        return {}
    labels = planes.plane_labels(schema)
    product = {app.label for app in _product_apps()} & labels
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in product and _is_row(model)
    }
    return dict(sorted(found.items()))


# Rows of the frame that decide what agents may do. They are noted as well, so that a
# decision can be made again as it was; no dry run and no count of rows shows them.
_deciding: dict[str, type[models.Model]] = {}


def remember(*found: type[models.Model]) -> None:
    """Note the changes of these tables too; called in ``ready()``."""
    _deciding.update({model._meta.db_table: model for model in found})


def remembered(schema: str) -> Mapping[str, type[models.Model]]:
    """Every table of a tenant's plane whose changes are noted, with its model."""
    known = tracked(schema)
    found = {**known, **_deciding, **tables_of_grants()} if known else {}
    # One order for all processes: what is made of it is part of the plane's version.
    return dict(sorted(found.items()))


@cache
def tables_of_grants() -> Mapping[str, type[models.Model]]:
    """Who was granted what on single rows: those of the product's models."""
    product = {app.label for app in _product_apps()}
    return {
        model._meta.db_table: model
        for model in _grants()
        if model._meta.app_label in product
    }


def _product_apps() -> Iterator[Any]:
    names = set(settings.PAYBILL_PRODUCT_APPS)
    for app in apps.get_app_configs():
        if names & {app.name, f"{type(app).__module__}.{type(app).__qualname__}"}:
            yield app


def _is_row(model: type[models.Model]) -> bool:
    meta = model._meta
    return meta.managed and not meta.proxy and model not in _grants()


@cache
def _grants() -> frozenset[type[models.Model]]:
    """The tables of grants on single rows."""
    tables = (getattr(model, "object_grants", ()) for model in apps.get_models())
    return frozenset(table for pair in tables for table in pair)


@grants.wall
def statements(schema: str) -> Iterator[str]:
    """Put the triggers on the product's tables, as the plane's owner.

    Comes after the rights: it takes back those that would let notes be forged.
    """
    place, app = quote(schema), quote(role_of(schema, "app"))
    yield f"REVOKE INSERT, UPDATE, DELETE ON kernel_rowchange FROM {app}"
    yield NOTE.format(schema=place)
    yield FORGET.format(schema=place)
    forget = f"FUNCTION {place}.forget_rows(interval, integer)"
    yield f"REVOKE ALL ON {forget} FROM PUBLIC"
    yield f"GRANT EXECUTE ON {forget} TO {app}"
    for table, model in remembered(schema).items():
        yield (
            'CREATE OR REPLACE TRIGGER "0_history" AFTER INSERT OR UPDATE OR DELETE'
            f" ON {quote(table)} FOR EACH ROW"
            f" EXECUTE FUNCTION {place}.note_row('{_key(model)}')"
        )


def _key(model: type[models.Model]) -> str:
    column = model._meta.pk.column
    if column is None:
        raise ValueError(f"{model._meta.label}: the history needs a key of one column")
    return quote(column).strip('"')


def begun() -> int:
    """Where the notes of what begins now begin: 0, in a transaction of its own.

    Only a test has one around it, whose own changes are not the action's.
    """
    if planes.depth() < 2:
        return 0
    with planes.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM kernel_rowchange")
        (newest,) = cursor.fetchone()
    return int(newest)


def settled(since: int = 0) -> list[Changed]:
    """Check deferred constraints now, then ``changes``. One message to the server."""
    return _read("SET CONSTRAINTS ALL IMMEDIATE; ", since)


def changes(since: int = 0) -> list[Changed]:
    """The product's rows that the open transaction left other than they were."""
    return _read("", since)


def _read(first: str, since: int) -> list[Changed]:
    known = tracked(planes.here().schema)
    statement = first + (READ.format(since=since) if known else "")
    if not statement:
        return []
    with planes.cursor() as cursor:
        cursor.execute(statement)
        while cursor.nextset():
            pass
        rows = cursor.fetchall() if known else []
    found = [
        Changed(known[table], key, values(before), values(after))
        for table, key, before, after in rows
        if table in known
    ]
    return [one for one in found if one.before != one.after]


def values(text: str | None) -> dict[str, Any] | None:
    # Decimals stay as they were written; a float would be another number.
    return None if text is None else json.loads(text, parse_float=Decimal)


def forget(kept: timedelta = KEPT, batch: int = 1000) -> int:
    """Delete notes of the entered plane that are older; a day is kept in any case."""
    with planes.atomic(), planes.cursor() as cursor:
        cursor.execute("SELECT forget_rows(%s, %s)", [kept, batch])
        (gone,) = cursor.fetchone()
    return int(gone)
