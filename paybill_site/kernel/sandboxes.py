"""A transaction that is always rolled back, in which actions run as they always do.

Actions insist on the outermost transaction, so that what they commit is certain. In a
sandbox nothing is: whoever opens one says so, and the actions inside may take its
savepoints for commits. Nothing that waits for a commit happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paybill_site.kernel import planes


class _OverError(Exception):
    """Ends the sandbox, so that its transaction is rolled back."""


@contextmanager
def sandbox() -> Iterator[None]:
    """Roll back whatever the block does in the entered plane. Sandboxes may nest."""
    try:
        with planes.atomic():
            with planes.cursor() as cursor:
                # As the transaction around a test: durable blocks may begin in it.
                cursor.db.atomic_blocks[-1]._from_testcase = True
            yield
            raise _OverError
    except _OverError:
        return


def settle() -> None:
    """Check now what constraints put off until the commit that never comes."""
    with planes.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
