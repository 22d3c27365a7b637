"""Where the running code stands: in the control plane, in one tenant's, or nowhere.

A place names a database alias and a schema. Every connection reads it when it hands
out a cursor (``kernel.postgres``), so there is one truth per context and nothing to
push to threads. Code that entered no plane reads nothing: the log-in role owns
nothing and the search path is empty.

This is the only module that uses ``django.db.transaction``; the rest of the code
takes ``atomic``, ``on_commit`` and ``cursor`` from here, because Django's own act on
the alias ``default`` wherever the tenant lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from django.apps import apps
from django.conf import settings
from django.db import connections, models, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from paybill_site.kernel.logs import note

Role = Literal["app", "agent", "owner"]


class WrongPlane(RuntimeError):
    """A model or a row of another plane than the one that is entered was used.

    A mistake of the program, never of a request.
    """


class PlaneChangeInTransaction(RuntimeError):
    """A plane was left while a transaction was open in it.

    The two planes may be two databases, and then nothing would be atomic. One action
    lives in one plane and reaches the other through the outbox.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plane lives. ``tenant`` is a public id, empty for the control plane."""

    alias: str
    schema: str
    tenant: str = ""

    def __str__(self) -> str:
        return f"{self.alias}/{self.schema or 'nowhere'}"


CONTROL = Place("default", "public")
NOWHERE = Place("default", "")

_standing: ContextVar[tuple[Place, Role]] = ContextVar(
    "standing", default=(NOWHERE, "app")
)


def here() -> Place:
    """The place that the running code has entered."""
    return _standing.get()[0]


def standing_on(alias: str) -> tuple[str, Role]:
    """Schema and kind of role in which the connection ``alias`` has to act.

    An alias other than the entered one stands nowhere, so code that forgot ``using``
    fails instead of reading another plane.
    """
    place, role = _standing.get()
    return (place.schema if place.alias == alias else ""), role


@contextmanager
def plane(place: Place, role: Role = "app") -> Iterator[Place]:
    """Enter ``place``; the role ``agent`` or ``owner`` takes the place of ``app``.

    The same place may be entered again inside a transaction, to act as the agent.
    Raises PlaneChangeInTransaction when an open transaction would be left.
    """
    old = here()
    if (old.alias, old.schema) != (place.alias, place.schema):
        _refuse_in_transaction(old, place)
    token = _standing.set((place, role))
    try:
        if place.schema and (not old.schema or old.alias != place.alias):
            # What a former request did to this connection with SQL of its own ends
            # here: the role is set anew once for every request and task.
            connections[place.alias].begin()  # type: ignore[attr-defined]
        yield place
    finally:
        _standing.reset(token)


def _refuse_in_transaction(old: Place, new: Place) -> None:
    blocks = connections[old.alias].atomic_blocks
    # The transaction that wraps a test is not the code's own.
    if any(not getattr(block, "_from_testcase", False) for block in blocks):
        raise PlaneChangeInTransaction(f"{old} is left for {new} in a transaction")


@contextmanager
def atomic(
    *, durable: bool = False, savepoint: bool = True, read_only: bool = False
) -> Iterator[None]:
    """``transaction.atomic`` on the entered plane's database.

    ``read_only`` lets the database refuse every write inside the block, also when it
    is a savepoint of a transaction that writes.
    """
    with transaction.atomic(using=_alias(), durable=durable, savepoint=savepoint):
        if read_only:
            with cursor() as sql:
                sql.execute("SET TRANSACTION READ ONLY")
        yield


@contextmanager
def as_agent(settings: str) -> Iterator[None]:
    """A read-only transaction of the plane's agent role, which is rolled back.

    ``settings`` are SET LOCAL statements; they reach the server together with the
    role, and with the rollback all of it is gone, whatever happened in between.
    """
    place = here()
    connection: Any = connections[_alias()]
    before = connection.stand()
    try:
        with transaction.atomic(using=place.alias):
            connection.ensure_connection()
            connection.stand_in(
                place.schema, "agent", f"SET TRANSACTION READ ONLY; {settings}"
            )
            token = _standing.set((place, "agent"))
            try:
                yield
            finally:
                _standing.reset(token)
                transaction.set_rollback(True, using=place.alias)
    finally:
        connection.stand_again(before)


def on_commit(function: Callable[[], Any]) -> None:
    """Call ``function`` after the entered plane's transaction was committed."""
    transaction.on_commit(function, using=_alias())


def cursor() -> Any:
    """A cursor on the entered plane's database; use it in a ``with`` statement."""
    return connections[_alias()].cursor()


def chunked_cursor() -> Any:
    """A server-side cursor on the entered plane's database, inside a transaction."""
    return connections[_alias()].chunked_cursor()


def wake(at: datetime | None = None) -> None:
    """Note, with the open transaction, that something waits in this plane from ``at``.

    The sweep reads one table for all planes and never visits a schema for nothing.
    """
    with cursor() as sql:
        sql.execute(
            "SELECT paybill.wake(%s, coalesce(%s::timestamptz, now()))",
            [here().schema, at],
        )


def in_transaction() -> bool:
    """Whether a transaction is open on the entered plane's database."""
    return connections[here().alias].in_atomic_block


def depth() -> int:
    """How many blocks of ``atomic`` are open: 1 is a transaction of one's own."""
    return len(connections[_alias()].atomic_blocks)


def _alias() -> str:
    place = here()
    if not place.schema:
        raise WrongPlane("no plane is entered")
    return place.alias


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """``KEY_FUNCTION`` of the caches: no plane finds what another one stored."""
    place = here()
    return f"{key_prefix}:{place.alias}:{place.schema}:{version}:{key}"


type Finder = Callable[[str], Place | None]
type Lister = Callable[[], Iterator[Place]]
_finders: list[Finder] = []
_listers: list[Lister] = []


def finder(function: Finder) -> Finder:
    """Register how a place is found (the app that knows tenants does).

    The function gets a tenant's public id, or the name of its schema.
    """
    _finders.append(function)
    return function


def lister(function: Lister) -> Lister:
    """Register how all tenants' places are listed (the app that knows tenants does)."""
    _listers.append(function)
    return function


def place_of(name: str) -> Place | None:
    """Where the tenant with this public id or schema lives; None when nobody does."""
    if settings.PAYBILL_MODE == "tenant":
        only = single_place()
        return only if name in {only.tenant, only.schema} else None
    return next((place for ask in _finders if (place := ask(name))), None)


def every_place() -> Iterator[Place]:
    """Every plane that this process can enter: the control plane, then the tenants'."""
    if settings.PAYBILL_MODE == "tenant":
        yield single_place()
        return
    yield CONTROL
    for places in _listers:
        yield from places()


def single_place() -> Place:
    """The one place of a tenant-mode process."""
    return Place("default", settings.PAYBILL_SCHEMA, settings.PAYBILL_TENANT_ID)


def plane_labels(schema: str) -> frozenset[str]:
    """Labels of the apps whose tables are in ``schema``; none are nowhere."""
    if not schema:
        return frozenset()
    return _labels("SHARED_APPS" if schema == CONTROL.schema else "TENANT_APPS")


@cache
def _labels(setting: str) -> frozenset[str]:
    names = frozenset(getattr(settings, setting, ()))
    return frozenset(
        app.label
        for app in apps.get_app_configs()
        if names & {app.name, f"{type(app).__module__}.{type(app).__qualname__}"}
    )


class PlaneRouter:
    """Sends every query to the entered plane and refuses models of the other one."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        place = here()
        if model._meta.app_label not in plane_labels(place.schema):
            raise WrongPlane(f"{model._meta.label} is not in {place}")
        instance = hints.get("instance")
        # Else a row of another database would be copied, or joined by its number.
        if instance is not None and instance._state.db not in (None, place.alias):
            raise WrongPlane(f"{instance!r} was not read in {place}")
        return place.alias

    db_for_write = db_for_read

    def allow_relation(self, a: models.Model, b: models.Model, **hints: Any) -> bool:
        return a._state.db == b._state.db

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label in plane_labels(standing_on(db)[0])


class SinglePlaneMiddleware:
    """Puts every request of a tenant-mode process into its one plane."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.place = single_place()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        note(tenant=self.place.tenant)
        with plane(self.place):
            return self.get_response(request)
