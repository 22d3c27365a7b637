"""The real data from which calls are made: the same choices for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from examples.storefront.models import PaymentMethod
from examples.storefront.replay.folder import Folder
from tests.storefront.breaking import Base, Break, Change, World

SEED = 20_260


class Data:
    """A folder's tables, and what is chosen from them by chance."""

    def __init__(self, folder: Folder) -> None:
        self.tables = folder.tables
        self.chance = random.Random(SEED)  # noqa: S311 - the same again, not secret
        self.items = {
            item: (product, row)
            for product, whole in folder.tables["products"].items()
            for item, row in whole["variants"].items()
        }

    def keys(self, tool: str) -> list[str]:
        """Keys of the rows on which the tool may act, shuffled."""
        if tool == "modify_customer_address":
            keys = list(self.tables["users"])
        else:
            delivered = tool in {"return_order_items", "exchange_order_items"}
            state = "delivered" if delivered else "pending"
            orders = self.tables["orders"].items()
            keys = [key for key, order in orders if order["status"] == state]
        self.chance.shuffle(keys)
        return keys

    def base(
        self,
        tool: str,
        key: str,
        arguments: Mapping[str, Any],
        breaks: list[Break],
        prepare: Change = lambda world: None,
    ) -> Base:
        order = self.tables["orders"].get(key)
        customer = order["user_id"] if order else key
        return Base(tool, customer, key, arguments, prepare, tuple(breaks))

    def foreign_method(self, user: str) -> Break:
        """Paid by what is another customer's."""
        others = [
            method
            for other, row in self.tables["users"].items()
            if other != user
            for method in row["payment_methods"]
        ]
        theirs = self.chance.choice(others)

        def change(world: World) -> None:
            method = PaymentMethod.objects.get(reference=theirs)
            world.arguments["payment_method"] = method.public_id

        return Break.of("own_payment_method", change, "payment_method")

    def some(self, items: list[str]) -> list[str]:
        return self.chance.sample(items, self.chance.randint(1, min(3, len(items))))

    def dearer(self, item: str) -> str | None:
        """An available variant of the same product that costs more."""
        product, row = self.items[item]
        others = self.tables["products"][product]["variants"].values()
        found = [
            other["item_id"]
            for other in others
            if other["available"] and other["price"] > row["price"]
        ]
        return self.chance.choice(found) if found else None
