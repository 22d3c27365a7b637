"""No data store is destroyed, replaced or left unprotected without a person.

A destroy run of a tenant that is closed, or that nothing is paid for any more, needs no
person here. Its removal is the decision of a person or of the contract already: closing
a tenant is an action that asks for a reason and a fresh log-in, dunning ends what
was announced again and again, and before a destroy comes a final backup; where no copy
outlives it, a person is asked all the same. The entitlement is asked again when the
apply starts, so a tenant that comes back in time is kept. A destroy for any other
reason (the plan was changed to another kind of place) takes data that somebody still
pays for, and asks; and so does every apply.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change
from provisioning.gates.tables import table
from provisioning.gates.verdict import Finding
from provisioning.removal.keeping import Copy
from provisioning.states import Operation

REMOVALS = {Operation.DESTROY, Operation.UNPROTECT}


def rule(rows: list[Change], context: Context) -> Iterator[Finding]:
    """Data stores that end, and protections that are taken away."""
    decided = context.over and context.operation in REMOVALS
    for row in rows:
        if row.deletes and is_store(row):
            yield _ends(row, context, decided=decided)
        elif "update" in row.actions:
            yield from _unprotected(row, decided=decided)


def is_store(row: Change) -> bool:
    """Whether a resource holds data, or the keys to data."""
    known = table("stores")
    if row.type in known["types"]:
        return True
    return any(
        row.type == some["type"]
        and any(v in HIDDEN or v in some["values"] for v in _old(row, some))
        for some in known["some"]
    )


def _old(row: Change, some: dict[str, str]) -> list[object]:
    return row.old_values(some["attribute"])


def _ends(row: Change, context: Context, *, decided: bool) -> Finding:
    what = "is replaced by an empty one" if row.replaces else "is destroyed"
    if "forget" in row.actions:
        what = "is left to itself: it goes on existing and nobody looks after it"
    if decided and _is_lost(row, context):
        what = "is destroyed and no copy of it is kept"
    elif decided and not row.replaces:
        says = f"this data store {what}, as the removal of its tenant wants it"
        return Finding(address=row.address, level="note", says=says)
    says = f"this data store {what}"
    return Finding(address=row.address, level="approve", says=says)


def _is_lost(row: Change, context: Context) -> bool:
    """Whether nobody keeps a copy, or AWS would not although it was told to."""
    if context.copy is Copy.CLOUD:
        return True in row.old_values("skip_final_snapshot")
    return context.copy is Copy.NOBODY


def _unprotected(row: Change, *, decided: bool) -> Iterator[Finding]:
    for entry in table("stores")["protection"]:
        if entry["type"] != row.type:
            continue
        name, wanted = entry["attribute"], entry["protects"]
        was, will = row.old_values(name), row.values(name)
        if wanted in was and any(value != wanted for value in will):
            says = f"its protection ({name}) is taken away"
            level = "note" if decided else "approve"
            yield Finding(address=row.address, level=level, says=says)
