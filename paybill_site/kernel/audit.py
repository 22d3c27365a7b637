"""The audit trail: append-only, one hash chain per tenant, written with its effect.

1. The entry's body is made: canonical JSON of everything that was decided on.
2. One statement locks the chain's head (the last lock of a transaction, just
   before commit), numbers the entry, hashes ``previous digest || body`` and stores
   the very text that was hashed.
3. Every so many entries the writer signs a checkpoint of the chain.
``kernel.verifying`` walks a chain and finds any edit, gap, fork or cut-off end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from paybill_site.kernel import checkpoints, planes
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.logs import context

VERSION = 1

APPEND = """
WITH head AS (
  INSERT INTO kernel_chainhead (name, seq, digest)
  VALUES (%(chain)s, 1, sha256(%(genesis)s::bytea
    || convert_to(E'1\\n' || %(body)s::text, 'UTF8')))
  ON CONFLICT (name) DO UPDATE SET
    seq = kernel_chainhead.seq + 1,
    digest = sha256(kernel_chainhead.digest
      || convert_to((kernel_chainhead.seq + 1)::text
        || E'\\n' || %(body)s::text, 'UTF8'))
  RETURNING name, seq, digest
)
INSERT INTO kernel_auditentry
  (public_id, chain, seq, at, action, actor, target, outcome, body, digest)
SELECT %(id)s, name, seq, %(at)s::timestamptz, %(action)s, %(actor)s, %(target)s,
  %(outcome)s, seq::text || E'\\n' || %(body)s::text, digest FROM head
RETURNING seq, digest
"""


def genesis(chain: str) -> bytes:
    """The digest before the first entry; chains can not be swapped for each other."""
    return hashlib.sha256(f"paybill audit v{VERSION}\n{chain}".encode()).digest()


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no white space, UTF-8 kept as it is."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    # JSON may carry half of a surrogate pair, which no database takes.
    return text.encode("utf-8", "backslashreplace").decode()


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def append(
    chain: str,
    *,
    action: str,
    actor: str,
    target: str,
    outcome: str,
    facts: Mapping[str, Any],
) -> int:
    """Append one entry in the current transaction and return its number."""
    columns = {
        "id": new_id("aud"),
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "action": action,
        "actor": actor,
        "target": target[:120],
        "outcome": outcome,
    }
    body = canonical(
        {
            **facts,
            **columns,
            "chain": chain,
            "v": VERSION,
            "request": context.get().get("request", ""),
        }
    )
    parameters = {**columns, "chain": chain, "genesis": genesis(chain), "body": body}
    with planes.cursor() as cursor:
        cursor.execute(APPEND, parameters)
        number, digest = cursor.fetchone()
    if number % checkpoints.EVERY == 0:
        checkpoints.add(chain, number, digest)
    return int(number)
