"""Customers and their cards at Stripe: filled in there, on Checkout in setup mode."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date
from typing import Any

import stripe

from billing.gateways.contract import Kept, Person, Wish
from billing.gateways.stripe.client import client, doubts
from billing.states import MethodState

BRANDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}


def introduce(person: Person) -> str:
    """Make a Customer; the same key gives the same one."""
    asked: Any = {"name": person.name, "metadata": {"customer": person.key}}
    if person.email:
        asked["email"] = person.email
    with doubts():
        made = client().v1.customers.create(
            asked, {"idempotency_key": f"{person.key}-payer"}
        )
    return str(made.id)


def set_up(wish: Wish) -> Kept:
    """Open a Checkout Session in setup mode: its page takes the card, not ours."""
    asked: Any = {
        "mode": "setup",
        "customer": wish.payer,
        "allowed_payment_method_types": ["card"],
        # Which methods are offered depends on it; one can be charged in any other, too.
        "currency": (wish.currency or "EUR").lower(),
        "client_reference_id": wish.key,
        "metadata": {"method": wish.key},
        "success_url": wish.back,
        "cancel_url": wish.back,
    }
    with doubts():
        made = client().v1.checkout.sessions.create(
            asked, {"idempotency_key": f"{wish.key}-setup"}
        )
    return told(made.to_dict())


def look_at_setup(setup: str) -> Kept:
    """What became of a session. Raises NotFound."""
    asked: Any = {"expand": ["setup_intent.payment_method"]}
    with doubts():
        return told(client().v1.checkout.sessions.retrieve(setup, asked).to_dict())


def told(session: Mapping[str, Any]) -> Kept:
    """A Checkout Session in our words."""
    known = {"key": str(session.get("client_reference_id") or "")[:60]}
    known["setup"] = str(session["id"])
    intent = session.get("setup_intent")
    intent = intent if isinstance(intent, Mapping) else {}
    if intent.get("status") == "succeeded":
        return _active(intent["payment_method"], known)
    if session.get("status") == "expired":
        return Kept(state=MethodState.FAILED, trouble="Nobody filled it in.", **known)
    return Kept(
        state=MethodState.PENDING, address=str(session.get("url") or ""), **known
    )


def _active(method: Mapping[str, Any], known: Mapping[str, str]) -> Kept:
    return Kept(
        state=MethodState.ACTIVE,
        kind=str(method["type"]),
        reference=str(method["id"]),
        label=label(method),
        expires=expiry(method),
        **known,
    )


def look_at_method(reference: str) -> Kept:
    """How a PaymentMethod stands: one that belongs to nobody any more is removed."""
    with doubts():
        method = client().v1.payment_methods.retrieve(reference).to_dict()
    if not method.get("customer"):
        gone = "It was removed at Stripe."
        return Kept(state=MethodState.UNUSABLE, reference=reference, trouble=gone)
    return _active(method, {})


def forget(reference: str) -> None:
    """Detach a PaymentMethod; one that is gone is what was wanted."""
    with doubts():
        try:
            client().v1.payment_methods.detach(reference)
        except stripe.InvalidRequestError:
            return


def label(method: Mapping[str, Any]) -> str:
    """``Visa ending 4242``: the four digits are all of a number that ever comes."""
    facts = method.get(str(method["type"])) or {}
    name = str(facts.get("brand") or method["type"]).replace("_", " ")
    ending = str(facts.get("last4") or "")[:4]
    shown = BRANDS.get(name, name.capitalize())
    return f"{shown} ending {ending}" if ending else shown


def expiry(method: Mapping[str, Any]) -> date | None:
    """The last day of the month that is printed on the card."""
    facts = method.get(str(method["type"])) or {}
    year, month = facts.get("exp_year"), facts.get("exp_month")
    if not (year and month):
        return None
    return date(int(year), int(month), calendar.monthrange(int(year), int(month))[1])
