"""The benchmark's tools in the words of ours.

Its references become public ids; what nobody knows becomes an id that nobody has, so
that our tools refuse it and not this module. What is no argument of theirs is passed on
as it is: our schemas refuse it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from examples.storefront.replay.folder import Call
from examples.storefront.replay.loading import ADDRESS, Ids
from examples.storefront.states import CancelReason
from paybill_site.kernel.ids import ALPHABET, BODY


@dataclass(frozen=True, slots=True)
class Asked:
    """A step of ours: which workflow begins on which row, and the step's arguments."""

    start: str
    subject: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """How one of their tools that write is said in ours."""

    workflow: str
    tool: str
    subject: str


WRITES: Mapping[str, Told] = {
    "cancel_pending_order": Told("cancellation", "cancel_pending_order", "order_id"),
    "modify_pending_order_address": Told(
        "address_change", "modify_order_address", "order_id"
    ),
    "modify_pending_order_payment": Told(
        "payment_change", "modify_order_payment", "order_id"
    ),
    "modify_pending_order_items": Told("item_change", "modify_order_items", "order_id"),
    "return_delivered_order_items": Told(
        "item_return", "return_order_items", "order_id"
    ),
    "exchange_delivered_order_items": Told(
        "item_exchange", "exchange_order_items", "order_id"
    ),
    "modify_user_address": Told("move", "modify_customer_address", "user_id"),
}
# The two phrases that their tool accepts, and what they are called here.
REASONS: Mapping[str, str] = {
    "no longer needed": CancelReason.NO_LONGER_NEEDED.value,
    "ordered by mistake": CancelReason.ORDERED_BY_MISTAKE.value,
}
NAMES = {
    "item_ids": "items",
    "new_item_ids": "new_items",
    "payment_method_id": "payment_method",
    **ADDRESS,
}


def asked(call: Call, ids: Ids) -> Asked:
    """Their call that writes as a start and a step of ours."""
    told = WRITES.get(call.tool)
    if told is None:  # which our dispatch does not know either
        return Asked("start_nothing", nobody("ord", call.tool), call.tool, {})
    owners = ids.orders if told.subject == "order_id" else ids.customers
    prefix = "ord" if told.subject == "order_id" else "cus"
    subject = _id(owners, prefix, call.arguments.get(told.subject))
    arguments = {
        NAMES.get(name, name): _said(name, value, ids)
        for name, value in call.arguments.items()
        if name != told.subject
    }
    return Asked(f"start_{told.workflow}", subject, told.tool, arguments)


def _said(name: str, value: Any, ids: Ids) -> Any:
    if name in {"item_ids", "new_item_ids"} and isinstance(value, list):
        return [_id(ids.variants, "var", one) for one in value]
    if name == "payment_method_id":
        return _id(ids.methods, "pay", value)
    if name == "reason" and isinstance(value, str):
        # Quoted, so that no other text is by chance the name of one of our reasons.
        return REASONS.get(value, f"said: {value!r}")
    return value


def _id(known: Mapping[str, str], prefix: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return known.get(value) or nobody(prefix, value)


def nobody(prefix: str, value: str) -> str:
    """A public id of this kind that no row has; the same for the same text."""
    digest = hashlib.sha256(value.encode()).digest()
    body = "".join(ALPHABET[byte & 31] for byte in digest[:BODY])
    return f"{prefix}_0{body[1:]}"


type Ask = Callable[[str, Mapping[str, Any]], Any]
type Reading = Callable[[Ask, Mapping[str, Any]], Any]


def _user(ask: Ask, found: Mapping[str, Any]) -> Any:
    rows = ask("list_customers", found)["rows"]
    return ask("get_customer", {"id": rows[0]["id"]}) if rows else None


def _order(ask: Ask, given: Mapping[str, Any]) -> Any:
    rows = ask("list_orders", {"number": given["order_id"]})["rows"]
    return ask("get_order", {"id": rows[0]["id"]}) if rows else None


def _product(ask: Ask, given: Mapping[str, Any]) -> Any:
    rows = ask("list_products", {"reference": given["product_id"]})["rows"]
    return ask("get_product", {"id": rows[0]["id"]}) if rows else None


def _variant(ask: Ask, given: Mapping[str, Any]) -> Any:
    rows = ask("list_variants", {"sku": given["item_id"]})["rows"]
    return rows[0] if rows else None


def _by_name(ask: Ask, given: Mapping[str, Any]) -> Any:
    names = {name: given[name] for name in ("first_name", "last_name")}
    return _user(ask, {**names, "postcode": given["zip"]})


READS: Mapping[str, Reading] = {
    "find_user_id_by_email": lambda ask, given: _user(ask, {"email": given["email"]}),
    "find_user_id_by_name_zip": _by_name,
    "get_user_details": lambda ask, given: _user(ask, {"reference": given["user_id"]}),
    "get_order_details": _order,
    "get_product_details": _product,
    "get_item_details": _variant,
    "list_all_product_types": lambda ask, given: ask("list_products", {"limit": 100}),
}
