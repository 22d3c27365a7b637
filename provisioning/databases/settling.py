"""What a restored plane may not bring back from the past.

Sessions: who was logged in then may have been shut out since; members come in again
by the control plane, which knows who is one. Tokens of agents: one that was revoked
since would work again, so in a copy, and after a restore, those are dead which the
plane of today does not know as alive. Events of a copy: its original delivers them.

Tables are named as text: the apps that own them lie above this one.
"""

from __future__ import annotations

from psycopg import sql

from paybill_site.kernel.roles import Connection, role_of

KNOWN = """
SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = %s AND relname = 'agents_agenttoken'
"""
ALIVE = "SELECT public_id FROM {}.agents_agenttoken WHERE revoked_at IS NULL"
REVOKE = """
UPDATE {}.agents_agenttoken SET revoked_at = now()
WHERE revoked_at IS NULL AND NOT public_id = ANY(%s)
"""
SETTLE = """
UPDATE {}.kernel_delivery SET state = 'skipped', settled_at = now()
WHERE state IN ('pending', 'dead')
"""


def forget_sessions(connection: Connection) -> None:
    """End all sessions of the plane on the search path."""
    connection.execute("DELETE FROM django_session")


def silence(connection: Connection, schema: str) -> None:
    """Let a copy do nothing of its own: no token opens it, no event leaves it."""
    _become_owner(connection, schema)
    name = sql.Identifier(schema)
    connection.execute(sql.SQL(REVOKE).format(name), [[]])
    connection.execute(sql.SQL(SETTLE).format(name))


def carry_revocations(connection: Connection, mine: str, beside: str) -> None:
    """Revoke beside what is not alive in the plane of today (all, if that is lost)."""
    alive = []
    if connection.execute(KNOWN, [mine]).fetchone():
        _become_owner(connection, mine)
        query = sql.SQL(ALIVE).format(sql.Identifier(mine))
        alive = [row[0] for row in connection.execute(query)]
    _become_owner(connection, beside)
    connection.execute(sql.SQL(REVOKE).format(sql.Identifier(beside)), [alive])


def _become_owner(connection: Connection, schema: str) -> None:
    owner = sql.Identifier(role_of(schema, "owner"))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
