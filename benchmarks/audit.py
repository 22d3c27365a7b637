"""The audit trail: how fast it is written by many at once, and how fast it is verified.

Sixteen writers append to one chain, then each to a chain of its own (one transaction
an entry, fsync on); afterwards no chain may have a fork or a gap. Then a chain of a
million entries is loaded, with the very digests that writing would have given, and
verified as ``audit_verify`` does.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from paybill_site.kernel import audit, planes
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.models import AuditEntry, ChainHead
from paybill_site.kernel.planes import CONTROL
from paybill_site.kernel.verifying import verify

WRITERS, EACH = 16, 125
MANY = 1_000_000
FACTS = {"arguments": {"id": "ord_00000000000000000000000000"}, "scopes": ["a", "b"]}


def run(*, quick: bool) -> dict[str, Any]:
    """Write with sixteen threads in two ways, then verify a long chain."""
    each, many = (20, 20_000) if quick else (EACH, MANY)
    with planes.plane(CONTROL):
        return {
            "writers": WRITERS,
            "one_chain": _written(each, lambda number: "one"),
            "sixteen_chains": _written(each, lambda number: f"of{number}"),
            "verified": _verified(many),
        }


def _written(each: int, chain_of: Callable[[int], str]) -> dict[str, Any]:
    def work(number: int) -> None:
        with planes.plane(CONTROL):
            for _ in range(each):
                with planes.atomic():
                    _append(chain_of(number))
            connections.close_all()

    seconds = _by_all(work)
    verdict = verify()
    return {
        "entries": WRITERS * each,
        "per_second": round(WRITERS * each / seconds),
        "findings": len(verdict.findings),
    }


def _append(chain: str) -> None:
    audit.append(
        chain,
        action="bench.write",
        actor="usr_0000000000000000000000benc",
        target="bench:none",
        outcome="done",
        facts=FACTS,
    )


def _by_all(work: Callable[[int], None]) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        for task in [pool.submit(work, number) for number in range(WRITERS)]:
            task.result()
    return time.perf_counter() - start


def _verified(many: int) -> dict[str, Any]:
    _load(many)
    start = time.perf_counter()
    verdict = verify()
    seconds = time.perf_counter() - start
    return {
        "entries": verdict.entries,
        "seconds": round(seconds, 2),
        "per_second": round(verdict.entries / seconds),
        "findings": len(verdict.findings),
    }


def _load(many: int) -> None:
    """A long chain, by COPY, hashed as ``audit.append`` hashes."""
    chain, digest = "long", audit.genesis("long")
    columns = "public_id, chain, seq, at, action, actor, target, outcome, body, digest"
    with planes.cursor() as cursor:
        with cursor.copy(f"COPY kernel_auditentry ({columns}) FROM STDIN") as copy:
            for seq in range(1, many + 1):
                row = _row(chain, seq)
                digest = hashlib.sha256(digest + row[-1].encode()).digest()
                copy.write_row((*row, digest))
        ChainHead.objects.create(name=chain, seq=many, digest=digest)
    assert AuditEntry.objects.filter(chain=chain).count() == many  # noqa: S101


def _row(chain: str, seq: int) -> tuple[Any, ...]:
    said = {
        "id": new_id("aud"),
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "action": "bench.write",
        "actor": "usr_0000000000000000000000benc",
        "target": "bench:none",
        "outcome": "done",
    }
    text = audit.canonical({**FACTS, **said, "chain": chain, "v": 1, "request": ""})
    return (
        said["id"], chain, seq, said["at"], said["action"], said["actor"],
        said["target"], said["outcome"], f"{seq}\n{text}",
    )  # fmt: skip
