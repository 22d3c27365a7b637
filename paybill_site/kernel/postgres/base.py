"""Django's PostgreSQL backend, acting in the role and schema of the entered plane.

django-tenants' own backend is told by its caller where to stand, keeps that on the
connection, puts ``public`` behind every tenant, and swallows errors of the switch, so
that a query may run as the tenant before. Here the context is asked at every cursor
and an error of the switch is an error of the query.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from paybill_site.kernel.planes import Role, standing_on
from paybill_site.kernel.roles import quote, role_of

type Standing = tuple[Any, str, Role]


class DatabaseWrapper(base.DatabaseWrapper):
    """One message, ``SET ROLE ..; SET search_path ..``, whenever something changed."""

    # The psycopg connection, schema and kind of role of the last switch.
    _applied: Standing | None = None

    @property
    def schema_name(self) -> str:
        """Schema in which this connection acts; empty is nowhere."""
        return standing_on(self.alias)[0]

    @property
    def tenant(self) -> Any:
        """django-tenants' name for a thing that has a ``schema_name``."""
        return self

    def set_tenant(self, *args: Any, **kwargs: Any) -> None:
        """Refused: the context alone decides, see ``kernel.planes.plane``."""
        raise RuntimeError("enter a plane with kernel.planes.plane()")

    set_schema = set_schema_to_public = set_tenant

    def create_cursor(self, name: str | None = None) -> Any:
        self._take_stand()
        return super().create_cursor(name)

    def forget_role(self) -> None:
        """Let the next cursor set role and search path again."""
        self._applied = None

    def stand(self) -> Standing | None:
        """Stand where the context says, and return where that is."""
        self.ensure_connection()
        self._take_stand()
        return self._applied

    def stand_in(self, schema: str, role: Role, settings: str) -> None:
        """Act in another role until the transaction or savepoint is rolled back.

        One message: the role and ``settings``, which are SET LOCAL statements too.
        """
        switch = f"SET LOCAL ROLE {quote(role_of(schema, role))}; {settings}"
        self.connection.execute(switch)
        self._applied = (self.connection, schema, role)

    def stand_again(self, before: Standing | None) -> None:
        """After that rollback: everything is as it was before, without a message."""
        if before is not None and before[0] is self.connection:
            self._applied = before

    def begin(self) -> None:
        """A request or task begins: nothing of the last one stays.

        When the alias has another log-in by now, the connection of the old one is
        given back, so that the old one can be revoked.
        """
        self.forget_role()
        wanted = self.settings_dict["USER"]
        if self.connection is None or self.in_atomic_block or not wanted:
            return
        if self.connection.info.user != wanted:
            self.close()

    def close(self) -> None:
        self.forget_role()
        super().close()

    def _rollback(self) -> None:
        # SET is transactional: a rollback brings back the role from before.
        self.forget_role()
        super()._rollback()  # type: ignore[misc]  # not in the stubs

    def _savepoint_rollback(self, sid: str) -> None:
        try:
            super()._savepoint_rollback(sid)  # type: ignore[misc]
        finally:
            # Afterwards: the cursor of the rollback itself may have set the role.
            self.forget_role()

    def _take_stand(self) -> None:
        schema, role = standing_on(self.alias)
        wanted = (self.connection, schema, role)
        if self._applied == wanted:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # nothing but a rollback can succeed
        self._applied = None
        self.connection.execute(_switch(schema, role))
        self._applied = wanted


def _switch(schema: str, role: Role) -> str:
    if not schema:
        return "SET ROLE NONE; SET search_path = ''"
    return f"SET ROLE {quote(role_of(schema, role))}; SET search_path = {quote(schema)}"
