"""The second wall: what the database itself lets the agents' role read.

Every table that a tool reads has row policies. The running code's role sees all of
its rows, as before. The agents' role sees rows only while ``paybill_agent_may`` holds:
the agent named by ``paybill.agent`` is alive, ``paybill.token`` is a good token of its
own (and the person behind it still there), no switch is thrown, and it holds one of the
table's permissions, which the token has as a scope, somewhere - on every row, on some,
or by a rule. Without both settings there is no agent, and so no row.

The policies are coarse on purpose: the function is asked once for each statement. Which
rows it is, the query's own filter says; a policy for each grant is evaluated for every
row and costs what the filter was made to save.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import models

from agents.models.own import OWN
from paybill_site.kernel import declarations, grants
from paybill_site.kernel.declarations import Declaration
from paybill_site.kernel.planes import plane_labels
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.roles import quote, role_of

# Who asks, and with which token; both are public ids.
AGENT, TOKEN = "paybill.agent", "paybill.token"

# Bodies are checked when they run: compiled SQL makes functions before tables.
ALIVE = """
CREATE OR REPLACE FUNCTION paybill_agent() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    RETURN (
        SELECT a.principal_id
        FROM agents_agent a
        JOIN accounts_user u ON u.id = a.principal_id AND u.is_active
        JOIN agents_agenttoken t ON t.agent_id = a.id
        LEFT JOIN agents_delegation d ON d.id = t.delegation_id
        LEFT JOIN accounts_user p ON p.id = d.person_id
        WHERE a.public_id = nullif(current_setting('paybill.agent', true), '')
        AND t.public_id = nullif(current_setting('paybill.token', true), '')
        AND a.state = 'active'
        AND NOT EXISTS (SELECT FROM agents_switch)
        AND t.revoked_at IS NULL AND t.expires_at > statement_timestamp()
        AND (
            t.delegation_id IS NULL
            OR (
                d.revoked_at IS NULL AND d.expires_at > statement_timestamp()
                AND p.is_active
            )
        )
    );
END $$
"""

MAY = """
CREATE OR REPLACE FUNCTION paybill_agent_may(VARIADIC wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    me bigint := paybill_agent();
    one text;
    pid bigint;
    kind text;
BEGIN
    IF me IS NULL THEN
        RETURN false;
    END IF;
    FOREACH one IN ARRAY wanted LOOP
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM agents_agenttoken t
            LEFT JOIN agents_delegation d ON d.id = t.delegation_id
            WHERE t.public_id = current_setting('paybill.token', true)
            AND jsonb_exists(t.scopes, one)
            AND (d.id IS NULL OR jsonb_exists(d.scopes, one))
        );
        SELECT p.id, c.app_label || '.' || c.model INTO pid, kind
        FROM django_content_type c
        JOIN auth_permission p ON p.content_type_id = c.id
        WHERE c.app_label = split_part(one, '.', 1)
        AND p.codename = split_part(one, '.', 2);
        IF EXISTS (
            SELECT FROM accounts_user_user_permissions
            WHERE user_id = me AND permission_id = pid
        ) OR EXISTS (
            SELECT FROM accounts_user_groups m
            JOIN auth_group_permissions g ON g.group_id = m.group_id
            WHERE m.user_id = me AND g.permission_id = pid
        ) OR EXISTS (
            SELECT FROM agents_rule r
            WHERE r.permission = one AND r.state = 'active'
            AND (r.expires_at IS NULL OR r.expires_at > statement_timestamp())
            AND (
                r.agent_id IN (SELECT id FROM agents_agent WHERE principal_id = me)
                OR r.role_id IN (
                    SELECT group_id FROM accounts_user_groups WHERE user_id = me
                )
            )
        ) THEN
            RETURN true;
        END IF;
{rows}
    END LOOP;
    RETURN false;
END $$
"""

ROWS = """        IF kind = '{label}' AND (
            EXISTS (
                SELECT FROM {to_user} WHERE user_id = me AND permission_id = pid
            ) OR EXISTS (
                SELECT FROM accounts_user_groups m
                JOIN {to_group} g ON g.group_id = m.group_id
                WHERE m.user_id = me AND g.permission_id = pid
            )
        ) THEN
            RETURN true;
        END IF;"""


@grants.wall
def statements(schema: str) -> Iterator[str]:
    """The functions and policies of a plane, as its owner makes them; repeatable."""
    app, agent = (quote(role_of(schema, kind)) for kind in ("app", "agent"))
    yield ALIVE.format(schema=quote(schema))
    yield MAY.format(schema=quote(schema), rows="\n".join(_row_grants(schema)))
    for function in ("paybill_agent()", "paybill_agent_may(text[])"):
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {agent}"
    readers = _readers(schema)
    for table in map(quote, grants.exposed(schema)):
        asked = _asked(sorted(readers.get(table, ())))
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS paybill_app ON {table}"
        yield f"DROP POLICY IF EXISTS paybill_agent ON {table}"
        yield (
            f"CREATE POLICY paybill_app ON {table} TO {app}"
            " USING (true) WITH CHECK (true)"
        )
        # As a sub-select it is asked once for a statement, not once for a row.
        yield (
            f"CREATE POLICY paybill_agent ON {table} FOR SELECT TO {agent}"
            f" USING ({asked})"
        )


def _asked(permissions: Sequence[str]) -> str:
    if OWN.intersection(permissions):
        # Its own rows, for which there are no grants: of any agent alive.
        return "(SELECT paybill_agent() IS NOT NULL)"
    if permissions:
        names = ", ".join(f"'{name}'" for name in permissions)
        return f"(SELECT paybill_agent_may({names}))"
    # What is read on the way to rows of other tables, many times in a statement: that
    # an agent was named is enough, because without the others it leads nowhere.
    return f"current_setting('{AGENT}', true) <> ''"


def _row_grants(schema: str) -> Iterator[str]:
    for model in sorted(grants.models_of(schema), key=lambda model: model._meta.label):
        tables: Any = getattr(model, "object_grants", None)
        if tables is not None:
            to_user, to_group = (quote(table._meta.db_table) for table in tables)
            yield ROWS.format(
                label=model._meta.label_lower, to_user=to_user, to_group=to_group
            )


def _readers(schema: str) -> dict[str, set[str]]:
    """Quoted table -> permissions, of which any lets its holder meet rows of it.

    Rows that another row names, and parts of it, are met by who may read that one.
    """
    found: dict[str, set[str]] = {}
    for model, tools in declarations.registry.items():
        if model._meta.app_label not in plane_labels(schema):
            continue
        for met in _met(model, tools):
            found.setdefault(quote(met._meta.db_table), set()).add(
                view_permission(model)
            )
    return found


def _met(model: type[models.Model], tools: Declaration) -> Iterator[type[models.Model]]:
    yield model
    yield from _named(model, tools.fields)
    for accessor, fields in tools.parts.items():
        part = declarations.part_model(model, accessor)
        yield part
        yield from _named(part, fields)
    yield from _on_the_way(model)


def _named(
    model: type[models.Model], fields: Iterable[str]
) -> Iterator[type[models.Model]]:
    for name in fields:
        related: Any = model._meta.get_field(name).related_model
        if related is not None:
            yield related
            yield from _on_the_way(related)


def _on_the_way(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """Models through which a row's account is reached, where it belongs to one."""
    path: str | None = getattr(model, "account_path", None)
    for name in filter(None, (path or "").split("__")):
        related: Any = model._meta.get_field(name).related_model
        yield related
        model = related
