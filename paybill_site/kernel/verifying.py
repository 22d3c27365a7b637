"""Whether the audit trail of a plane is what was written: every chain, from the start.

Each entry's text is hashed again and its columns are compared with the text. Then the
end is compared with the head, and every checkpoint, also those kept elsewhere, with the
entry that it speaks of: so a cut-off end is found even when the head was cut back too.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paybill_site.kernel import checkpoints, planes
from paybill_site.kernel.audit import genesis
from paybill_site.kernel.models import AuditEntry, ChainHead

BEFORE_ALL = -(1 << 63)
PAGE = 10_000
# As rows, not as models: a million of them are read and checked in seconds.
ROWS_OF = """
SELECT seq, body, digest, public_id, at, action, actor, target, outcome
FROM kernel_auditentry WHERE chain = %s AND seq > %s ORDER BY seq
"""

type Row = tuple[int, str, bytes, str, datetime, str, str, str, str]
type Kept = Mapping[int, set[str]]


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


def verify(outside: Iterable[dict[str, Any]] = ()) -> Verdict:
    """Check every chain of the plane that is entered.

    ``outside`` are exported checkpoints that were kept elsewhere; those of other
    planes are left alone.
    """
    findings: list[Finding] = []
    known = _checkpoints(outside, findings)
    # Chains first: one that begins meanwhile is left for the next time.
    chains = set(AuditEntry.objects.values_list("chain", flat=True).distinct())
    chains |= set(ChainHead.objects.values_list("name", flat=True)) | known.keys()
    entries = 0
    for chain in sorted(chains):
        count, found = _walk(chain, known.get(chain, {}))
        entries += count
        findings += found
    return Verdict(len(chains), entries, tuple(findings))


def _checkpoints(
    outside: Iterable[dict[str, Any]], findings: list[Finding]
) -> dict[str, dict[int, set[str]]]:
    """Chain -> number -> digests that were signed for it."""
    known: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    mine = checkpoints.plane_name()
    for said in (*checkpoints.kept(), *outside):
        if said["plane"] != mine:
            continue
        if not checkpoints.is_genuine(said):
            problem = "a checkpoint is not signed by this installation"
            findings.append(Finding(said["chain"], said["seq"], problem))
            continue
        known[said["chain"]][said["seq"]].add(said["digest"])
    return known


def _walk(chain: str, kept: Kept) -> tuple[int, list[Finding]]:
    """Follow a chain to its end, and compare the end with the head.

    The head is read after the entries; what was written in between is followed too,
    so a chain that grows while it is walked is not taken for a broken one.
    """
    digest, count, last, head = genesis(chain), 0, BEFORE_ALL, None
    findings: list[Finding] = []
    while head is None or last < head.seq:
        before = count
        for row in _rows(chain, after=last):
            count, last = count + 1, row[0]
            digest = hashlib.sha256(digest + row[1].encode()).digest()
            findings += _wrong(chain, row, count, digest)
            if count in kept and kept[count] != {digest.hex()}:
                findings.append(Finding(chain, count, "a checkpoint says otherwise"))
        head = ChainHead.objects.filter(name=chain).first()
        if head is None or count == before:
            break
    if head is None:
        findings.append(Finding(chain, count, "there is no head"))
    elif count != head.seq or digest != bytes(head.digest):
        findings.append(Finding(chain, count, "the head does not match the last entry"))
    if kept and max(kept) > count:
        problem = f"the end is cut off: a checkpoint knows of entry {max(kept)}"
        findings.append(Finding(chain, count, problem))
    return count, findings


def _rows(chain: str, after: int) -> Iterator[Row]:
    # A cursor of the server's: one plan and one snapshot, a page at a time.
    with planes.atomic(), planes.chunked_cursor() as cursor:
        cursor.execute(ROWS_OF, [chain, after])
        while page := cursor.fetchmany(PAGE):
            yield from page


def _wrong(chain: str, row: Row, count: int, digest: bytes) -> Iterator[Finding]:
    seq, body, stored, public_id, at, action, actor, target, outcome = row
    if seq != count:
        yield Finding(chain, seq, f"number {count} was expected here")
    if bytes(stored) != digest:
        yield Finding(chain, seq, "the digest does not match the text")
    number, _, text = body.partition("\n")
    said = _said(text)
    shown = (public_id, action, actor, target, outcome, chain)
    told = tuple(map(said.get, ("id", "action", "actor", "target", "outcome", "chain")))
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    if number != str(seq) or shown != told or said.get("at") != moment:
        yield Finding(chain, seq, "the columns do not match the text")


def _said(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:  # whoever altered it did not even leave JSON
        return {}
    return said if isinstance(said, dict) else {}
