"""Whose conversation a task is: an order that is named does not say so by itself."""

from __future__ import annotations

from typing import Any

import pytest

from examples.storefront.replay.folder import Call, Folder, Task
from examples.storefront.replay.whose import Whose
from tests.storefront.retail import needs_data

TABLES: dict[str, Any] = {
    "users": {
        name: {
            "email": f"{name}@example.com",
            "name": {"first_name": name, "last_name": "Doe"},
            "address": {"zip": "1"},
            "payment_methods": {f"card_of_{name}": {}},
        }
        for name in ("ada", "bob")
    },
    "orders": {f"#{name}": {"user_id": name} for name in ("ada", "bob")},
    "products": {},
}
CANCEL = "cancel_pending_order"


def customer(*calls: tuple[str, str, dict[str, Any]], says: str = "") -> str:
    """Whose conversation these calls are: tool, verdict, arguments."""
    made = [
        Call(n, tool, given, verdict) for n, (tool, verdict, given) in enumerate(calls)
    ]
    return Whose(TABLES).customer(Task("t", tuple(made), {}, says))


REFUSED = (CANCEL, "refused", {"order_id": "#bob"})


@pytest.mark.parametrize(
    "sign",
    [
        ("find_user_id_by_email", "", {"email": "ada@example.com"}),
        ("get_user_details", "", {"user_id": "ada"}),
        ("get_order_details", "", {"order_id": "#ada"}),
        ("modify_user_address", "accepted", {"user_id": "ada"}),
        ("modify_user_address", "refused", {"user_id": "ada"}),
        (CANCEL, "accepted", {"order_id": "#ada"}),
        (
            "modify_pending_order_payment",
            "refused",
            {"order_id": "#bob", "payment_method_id": "card_of_ada"},
        ),
    ],
)
def test_whatever_names_somebody_counts_more_than_an_order_that_was_refused(
    sign: tuple[str, str, dict[str, Any]],
) -> None:
    assert customer(REFUSED, sign) == "ada"
    assert customer(sign, REFUSED) == "ada"


def test_what_the_task_says_counts_most() -> None:
    looked_up = ("find_user_id_by_email", "", {"email": "bob@example.com"})
    assert customer(looked_up, says="ada") == "ada"


def test_an_order_alone_says_whose_conversation_it_is() -> None:
    assert customer(REFUSED) == "bob"
    assert customer() == "ada"


@needs_data
def test_the_published_tasks_are_each_about_one_customer(
    retail_folder: Folder,
) -> None:
    whose = Whose(retail_folder.tables)
    for task in retail_folder.tasks:
        assert set(whose._told(task.calls)) <= {whose.customer(task)}
