"""What the user was shown is what happens, or nothing does.

The rehearsal of which the user is shown the changes leaves its plan here. The call that
the user agreed to is held to that plan in its own transaction, as an approval is: when
anything else has happened than was shown, it is refused before it is committed.

A plan has more in it than this agent may read. So it stays with the server, for as long
as there is an answer to wait for; what the client gets is its name, sealed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from agents.approvals import happening
from agents.approvals.plans import Plan
from agents.mcp import states
from paybill_site.kernel.actions import Call, closing, gate
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.errors import PaybillError, Unavailable

RULE = "not_as_shown"
KEPT = "agents.mcp.shown:"
NOTE = "agreement"


class NotAsShown(PaybillError):
    """Something else would happen than the user agreed to; nothing was done."""

    status = 409


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the user was shown, and agreed to."""

    digest: str
    shown: Mapping[str, Any]


@dataclass(slots=True)
class Watch:
    """A call that is held to an agreement; without one, a rehearsal to be shown."""

    agreement: Agreement | None = None
    plan: Plan = field(init=False)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Watch the agent's call that is made in this block."""
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


@gate
def find(call: Call) -> None:
    """Note what a watched call is about to act on."""
    watch = _watch.get()
    if watch is None or call.actor.kind is not Kind.AGENT:
        return
    # What waits for a person's approval is rehearsed anew on the way there.
    if call.rehearsal is (watch.agreement is None):
        call.notes[NOTE] = watch, happening.found(call)


@closing
def hold(call: Call, act: Act, result: Any) -> None:
    """Keep the plan of what is to be shown; hold a call to it. Raises NotAsShown."""
    if NOTE not in call.notes:
        return
    watch, found = call.notes[NOTE]
    watch.plan = happening.plan(call, act, result, found)
    if (agreed := watch.agreement) is None:
        return
    if why := happening.other(agreed.shown, agreed.digest, watch.plan):
        raise NotAsShown(why, rule=RULE)
    call.facts["confirmed"] = agreed.digest


def keep(plan: Plan) -> str:
    """Keep what is shown until it is answered; its name. Raises Unavailable."""
    name = secrets.token_urlsafe(16)
    try:
        cache.set(KEPT + name, (plan.digest(), plan.shown()), timeout=states.SECONDS)
    except RedisError as error:
        raise Unavailable from error
    return name


def kept(name: str) -> Agreement | None:
    """What was shown under this name, while it is known. Raises Unavailable."""
    try:
        found = cache.get(KEPT + name)
    except RedisError as error:
        raise Unavailable from error
    return None if found is None else Agreement(*found)
