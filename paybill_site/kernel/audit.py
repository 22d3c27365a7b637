"""The audit trail: append-only, one hash chain per tenant, written with its effect.

1. The entry's body is made: canonical JSON of everything that was decided on.
2. One statement locks the chain's head (the last lock of a transaction, just
   before commit), numbers the entry, hashes ``previous digest || body`` and stores
   the very text that was hashed.
3. ``verify`` walks a chain from its first entry and finds any edit, gap or fork.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paybill_site.kernel import planes
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.logs import context
from paybill_site.kernel.models import AuditEntry, ChainHead

VERSION = 1
BEFORE_ALL = -(1 << 63)

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
RETURNING seq
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
        (number,) = cursor.fetchone()
    return int(number)


@dataclass(frozen=True, slots=True)
class Finding:
    chain: str
    seq: int
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` saw: how many chains and entries, and what is wrong."""

    chains: int
    entries: int
    findings: tuple[Finding, ...]


def verify() -> Verdict:
    """Check every chain of the plane that is entered."""
    # Chains first: one that begins meanwhile is left for the next time.
    chains = set(AuditEntry.objects.values_list("chain", flat=True).distinct())
    chains |= set(ChainHead.objects.values_list("name", flat=True))
    findings: list[Finding] = []
    entries = 0
    for chain in sorted(chains):
        count, found = _walk(chain)
        entries += count
        findings += found
    return Verdict(len(chains), entries, tuple(findings))


def _walk(chain: str) -> tuple[int, list[Finding]]:
    """Follow a chain to its end, and compare the end with the head.

    The head is read after the entries; what was written in between is followed too,
    so a chain that grows while it is walked is not taken for a broken one.
    """
    digest, count, last, head = genesis(chain), 0, BEFORE_ALL, None
    findings: list[Finding] = []
    while head is None or last < head.seq:
        before = count
        for entry in _entries(chain, after=last):
            count, last = count + 1, entry.seq
            digest = hashlib.sha256(digest + entry.body.encode()).digest()
            findings += _wrong(entry, count, digest)
        head = ChainHead.objects.filter(name=chain).first()
        if head is None or count == before:
            break
    if head is None:
        findings.append(Finding(chain, count, "there is no head"))
    elif count != head.seq or digest != bytes(head.digest):
        findings.append(Finding(chain, count, "the head does not match the last entry"))
    return count, findings


def _entries(chain: str, after: int) -> Iterator[AuditEntry]:
    rows = AuditEntry.objects.filter(chain=chain, seq__gt=after).order_by("seq")
    return rows.iterator(chunk_size=5000)


def _wrong(entry: AuditEntry, count: int, digest: bytes) -> Iterator[Finding]:
    if entry.seq != count:
        yield Finding(entry.chain, entry.seq, f"number {count} was expected here")
    if bytes(entry.digest) != digest:
        yield Finding(entry.chain, entry.seq, "the digest does not match the text")
    number, _, text = entry.body.partition("\n")
    shown = {
        "id": entry.public_id,
        "action": entry.action,
        "actor": entry.actor,
        "target": entry.target,
        "outcome": entry.outcome,
        "chain": entry.chain,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    said = _said(text)
    if number != str(entry.seq) or any(said.get(k) != v for k, v in shown.items()):
        yield Finding(entry.chain, entry.seq, "the columns do not match the text")


def _said(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:  # whoever altered it did not even leave JSON
        return {}
    return said if isinstance(said, dict) else {}
