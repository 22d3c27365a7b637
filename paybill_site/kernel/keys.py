"""Idempotency keys: claimed before the effect, kept with it, in its transaction.

A key belongs to whoever sent it, and of an agent to the conversation in which it was
sent: the session of its token and the person for whom it acts. So two conversations of
one agent never meet each other's keys, and none is told what another one's call gave.
"""

from __future__ import annotations

import json
from typing import Any

from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import KeyReused
from paybill_site.kernel.models import IdempotencyKey

CLAIM = """
INSERT INTO kernel_idempotencykey (principal, key, action, digest, output)
VALUES (%s, %s, %s, %s, '{}') ON CONFLICT (principal, key) DO NOTHING
"""
KEEP = """
UPDATE kernel_idempotencykey SET output = %s::jsonb WHERE principal = %s AND key = %s
"""
# Hexadecimal digits of a standing: 160 bits, which fit beside an id in 80 letters.
SHOWN = 40


def owner(actor: Actor) -> str:
    """Whose a key is: the actor's id and, with a session or a person behind it, both.

    What has to be kept apart as keys are (an approval under a key) is kept by this.
    """
    standing = actor.standing
    return f"{actor.id}:{standing[:SHOWN]}" if standing else actor.id


def claim(actor: Actor, key: str, action: str, digest: str) -> dict[str, Any] | None:
    """Take the key for this call, or return what the call before it returned.

    A second request at the same time waits here for the first to commit or roll
    back. Raises KeyReused when the key was used with other arguments.
    """
    principal = owner(actor)
    with planes.cursor() as cursor:
        cursor.execute(CLAIM, [principal, key, action, digest])
        if cursor.rowcount == 1:
            return None
    earlier = IdempotencyKey.objects.get(principal=principal, key=key)
    if earlier.digest != digest:
        raise KeyReused
    return dict(earlier.output)


def keep(actor: Actor, key: str, output: dict[str, Any]) -> None:
    """Store the output beside the key."""
    with planes.cursor() as cursor:
        cursor.execute(KEEP, [json.dumps(output), owner(actor), key])
