"""Idempotency keys: claimed before the effect, kept with it, in its transaction."""

from __future__ import annotations

from typing import Any

from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import KeyReused
from paybill_site.kernel.models import IdempotencyKey

CLAIM = """
INSERT INTO kernel_idempotencykey (principal, key, action, digest, output)
VALUES (%s, %s, %s, %s, '{}') ON CONFLICT (principal, key) DO NOTHING
"""


def claim(actor: Actor, key: str, action: str, digest: str) -> dict[str, Any] | None:
    """Take the key for this call, or return what the call before it returned.

    A second request at the same time waits here for the first to commit or roll
    back. Raises KeyReused when the key was used with other arguments.
    """
    with planes.cursor() as cursor:
        cursor.execute(CLAIM, [actor.id, key, action, digest])
        if cursor.rowcount == 1:
            return None
    earlier = IdempotencyKey.objects.get(principal=actor.id, key=key)
    if earlier.digest != digest:
        raise KeyReused
    return dict(earlier.output)


def keep(actor: Actor, key: str, output: dict[str, Any]) -> None:
    """Store the output beside the key."""
    rows = IdempotencyKey.objects.filter(principal=actor.id, key=key)
    rows.update(output=output)
