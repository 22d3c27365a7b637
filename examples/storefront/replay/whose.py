"""Whose conversation a task is, and what its reads should find there.

The benchmark's assistant looks its customer up first; ours comes in with a session. So
the customer is read off the task: what it says, whom it looks up, on whose rows it acts
and is right. That an order is named for a write which is refused is the weakest sign of
all: it may well be the order of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from examples.storefront.replay.asker import ACCEPTED
from examples.storefront.replay.folder import Call, Task

type Tables = Mapping[str, Mapping[str, Any]]


class Whose:
    """Answers for the tables of one folder."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        users = tables["users"].items()
        self._by_email = {user["email"]: key for key, user in users}
        self._by_name = {
            (
                user["name"]["first_name"],
                user["name"]["last_name"],
                user["address"]["zip"],
            ): key
            for key, user in users
        }
        self._by_method = {
            method: key for key, user in users for method in user["payment_methods"]
        }
        self._items = {
            item
            for product in tables["products"].values()
            for item in product["variants"]
        }

    def customer(self, task: Task) -> str:
        """The key of the user whom the task is about; some user if it says nothing."""
        if task.customer in self.tables["users"]:
            return task.customer
        return next(self._told(task.calls), next(iter(self.tables["users"])))

    def another(self, key: str) -> str:
        """Some other user."""
        return next(other for other in self.tables["users"] if other != key)

    def finds(self, call: Call, customer: str) -> bool:
        """Whether the reading call finds something that this customer may see."""
        given = call.arguments
        if call.tool == "get_product_details":
            return given.get("product_id") in self.tables["products"]
        if call.tool == "get_item_details":
            return given.get("item_id") in self._items
        if call.tool == "list_all_product_types":
            return True
        return self._named(call) == customer

    def _told(self, calls: Sequence[Call]) -> Iterator[str]:
        """Keys of the users whom calls are about, the strongest sign first."""
        signs: tuple[Callable[[Call], str], ...] = (
            lambda call: self._user(call) if call.tool.startswith("find_user") else "",
            lambda call: "" if call.writes else self._user(call),
            lambda call: self._named(call) if call.verdict == ACCEPTED else "",
            self._user,
            self._payer,
            lambda call: "" if call.writes else self._named(call),
            self._named,
        )
        return filter(None, (sign(call) for sign in signs for call in calls))

    def _named(self, call: Call) -> str:
        """Whom the call is about, or whose order it is about."""
        if "order_id" not in call.arguments:
            return self._user(call)
        order = self._row("orders", call.arguments["order_id"])
        return str(order["user_id"]) if order else ""

    def _payer(self, call: Call) -> str:
        method = call.arguments.get("payment_method_id")
        return self._by_method.get(method, "") if isinstance(method, str) else ""

    def _user(self, call: Call) -> str:
        given = call.arguments
        if "user_id" in given:
            return str(given["user_id"]) if self._row("users", given["user_id"]) else ""
        if "email" in given:
            return self._by_email.get(str(given["email"]), "")
        name = (given.get("first_name"), given.get("last_name"), given.get("zip"))
        return self._by_name.get(name, "")

    def _row(self, table: str, key: Any) -> Any:
        return self.tables[table].get(key) if isinstance(key, str) else None
