"""Which rows of the folder's tables were written since the shop was loaded.

PostgreSQL notes on every row the transaction that wrote it. Nothing else writes in the
plane, so what is younger than the load was written by the calls, whatever the code
says; and a row that is gone is missing in the counts. Rows written with the very values
that they had count as touched: whoever asks compares them in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paybill_site.kernel import planes

# Table of the folder -> tables of the shop, each with the key that its rows belong to.
PARTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "users": (
        ("storefront_customer", "t.reference"),
        ("storefront_paymentmethod", "(SELECT reference FROM storefront_customer o"
         " WHERE o.id = t.customer_id)"),
    ),
    "products": (
        ("storefront_product", "t.reference"),
        ("storefront_variant", "(SELECT reference FROM storefront_product o"
         " WHERE o.id = t.product_id)"),
    ),
    "orders": (
        ("storefront_order", "t.number"),
        *(
            (f"storefront_{part}", "(SELECT number FROM storefront_order o"
             " WHERE o.id = t.order_id)")
            for part in ("orderitem", "orderpayment", "fulfilment", "refund")
        ),
    ),
}  # fmt: skip
SHOP = tuple(table for parts in PARTS.values() for table, _ in parts)
XID = "xmin::text::bigint"


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment after the load: the youngest row, and how many rows there are."""

    youngest: int
    counts: tuple[int, ...]


def mark() -> Mark:
    """The present moment. Called once, when the shop is loaded."""
    youngest = ", ".join(
        f"(SELECT max({XID}) FROM {table})"  # noqa: S608 - our own names
        for table in SHOP
    )
    with planes.cursor() as cursor:
        cursor.execute(f"SELECT greatest({youngest})")
        (found,) = cursor.fetchone()
    return Mark(int(found or 0), _counts())


def since(then: Mark) -> dict[str, set[str]]:
    """Keys of the rows that were touched since, by table of the folder.

    A row that was deleted stands as "(gone)" in its table.
    """
    asked = " UNION ".join(
        f"SELECT '{name}', {key} FROM {table} t WHERE t.{XID} > {then.youngest}"  # noqa: S608 - our own names
        for name, parts in PARTS.items()
        for table, key in parts
    )
    found: dict[str, set[str]] = {name: set() for name in PARTS}
    with planes.cursor() as cursor:
        cursor.execute(asked)
        for name, key in cursor.fetchall():
            found[name].add(key or "(none)")
    for (name, _), old, new in zip(_tables(), then.counts, _counts(), strict=True):
        if new < old:
            found[name].add("(gone)")
    return found


def newest_note() -> int:
    """The newest note of the triggers on the shop's tables (``kernel.history``).

    As long as it is the same, nothing was written: quicker to ask than ``since``.
    """
    with planes.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(id), 0) FROM kernel_rowchange"
            " WHERE table_name LIKE 'storefront%'"
        )
        return int(cursor.fetchone()[0])


def _tables() -> list[tuple[str, str]]:
    return [(name, table) for name, parts in PARTS.items() for table, _ in parts]


def _counts() -> tuple[int, ...]:
    with planes.cursor() as cursor:
        asked = ", ".join(
            f"(SELECT count(*) FROM {table})"  # noqa: S608 - our own names
            for table in SHOP
        )
        cursor.execute(f"SELECT {asked}")
        return tuple(map(int, cursor.fetchone()))
