"""Payments at Stripe: PaymentIntents, made and confirmed in one call.

Of the states of a PaymentIntent only ``succeeded`` is money. ``requires_action`` waits
for the customer at its bank, and says where. ``requires_payment_method`` is what a
decline leaves behind; the next attempt makes a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import stripe

from billing.gateways.contract import Charged, Order
from billing.gateways.stripe.client import client, doubts
from billing.rating.conventions import STRIPE
from billing.states import PaymentState

# Codes after which Stripe sends nothing to the bank until there is another method:
# its page "Smart Retries", under "Hard declines".
HARD = frozenset(
    {
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "stolen_card",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "authentication_required",
        "highest_risk_level",
        "transaction_not_allowed",
    }
)
# Reasons that are for nobody's eyes; Stripe asks to show a plain decline instead.
UNTOLD = frozenset({"lost_card", "stolen_card", "pickup_card", "fraudulent"})
STATES = {
    "succeeded": PaymentState.SUCCEEDED,
    "requires_action": PaymentState.NEEDS_CONFIRMATION,
    "requires_payment_method": PaymentState.FAILED,
    "canceled": PaymentState.FAILED,
}
# Clocks of two machines differ a little.
SLACK = timedelta(hours=1)


def charge(order: Order) -> Charged:
    """Make the PaymentIntent and confirm it; or find the one that was made."""
    if order.again and (found := look(order)) is not None:
        return found
    asked: dict[str, Any] = {
        "amount": STRIPE.sent(order.amount, order.currency),
        "currency": order.currency.lower(),
        "customer": order.payer,
        "payment_method": order.method,
        "confirm": True,
        "description": order.purpose,
        "metadata": {"payment": order.key},
        "return_url": order.back,
    }
    if not order.on_session:
        asked["off_session"] = True
    with doubts():
        try:
            made = client().v1.payment_intents.create(
                asked,  # type: ignore[arg-type]
                {"idempotency_key": order.key},
            )
        except stripe.CardError as error:
            return _declined(order, error)
        except stripe.InvalidRequestError as error:
            return refused(order.key, error)
    return told(made.to_dict())


def _declined(order: Order, error: stripe.CardError) -> Charged:
    intent = _intent_of(error)
    if not intent:
        said: dict[str, Any] = {"code": error.code, "message": error.user_message}
        return failed(order.key, "", said)
    if intent["status"] == "requires_payment_method":
        charged = told(intent)
        if charged.code == "authentication_required":
            return _with_the_customer(order, str(intent["id"]))
        return charged
    return told(intent)


def _intent_of(error: stripe.CardError) -> dict[str, Any]:
    body = error.json_body if isinstance(error.json_body, Mapping) else {}
    return dict(body.get("error", {}).get("payment_intent") or {})


def _with_the_customer(order: Order, reference: str) -> Charged:
    """Ask once more for the same payment, as one the customer confirms at its bank."""
    asked: Any = {"payment_method": order.method, "return_url": order.back}
    with doubts():
        try:
            made = client().v1.payment_intents.confirm(
                reference, asked, {"idempotency_key": f"{order.key}-there"}
            )
        except stripe.CardError as error:
            return (
                told(_intent_of(error))
                if _intent_of(error)
                else failed(order.key, reference, {"code": error.code})
            )
        except stripe.InvalidRequestError as error:
            return refused(order.key, error, reference)
    return told(made.to_dict())


def look(order: Order) -> Charged | None:
    """How a payment stands, found by Stripe's name for it or by ours."""
    if order.reference:
        return look_up(order.reference)
    asked: Any = {"customer": order.payer, "limit": 100}
    if order.created_at is not None:
        asked["created"] = {"gte": int((order.created_at - SLACK).timestamp())}
    with doubts():
        for intent in client().v1.payment_intents.list(asked).auto_paging_iter():
            found = intent.to_dict()
            if (found.get("metadata") or {}).get("payment") == order.key:
                return told(found)
    return None


def look_up(reference: str) -> Charged:
    """How the PaymentIntent stands now. Raises NotFound."""
    with doubts():
        return told(client().v1.payment_intents.retrieve(reference).to_dict())


def withdraw(order: Order) -> Charged:
    """Cancel what can be cancelled; what is through is told as it is."""
    standing = look(order)
    if standing is None:
        return failed(order.key, "", {"code": "withdrawn", "message": "Withdrawn."})
    if standing.state in {PaymentState.SUCCEEDED, PaymentState.FAILED}:
        return standing
    with doubts():
        try:
            made = client().v1.payment_intents.cancel(
                standing.reference, {"cancellation_reason": "abandoned"}
            )
        except stripe.InvalidRequestError:
            return look_up(standing.reference)  # somebody was faster
    return told(made.to_dict())


def told(intent: Mapping[str, Any]) -> Charged:
    """A PaymentIntent in our words."""
    state = STATES.get(str(intent["status"]), PaymentState.PROCESSING)
    key = str((intent.get("metadata") or {}).get("payment", ""))
    if state == PaymentState.FAILED:
        return failed(key, str(intent["id"]), _reason(intent))
    currency = str(intent["currency"]).upper()
    came = intent.get("amount_received") or intent["amount"]
    return Charged(
        state=state,
        key=key[:60],
        reference=str(intent["id"]),
        amount=STRIPE.received(int(came), currency),
        currency=currency,
        confirm_at=_address(intent) if state == PaymentState.NEEDS_CONFIRMATION else "",
    )


def _reason(intent: Mapping[str, Any]) -> Mapping[str, Any]:
    if intent["status"] == "canceled":
        return {"code": "withdrawn", "message": "The payment was withdrawn."}
    return intent.get("last_payment_error") or {}


def _address(intent: Mapping[str, Any]) -> str:
    action = intent.get("next_action") or {}
    return str((action.get("redirect_to_url") or {}).get("url") or "")


def failed(key: str, reference: str, said: Mapping[str, Any]) -> Charged:
    """A payment that did not go through, and why in words that may be shown."""
    code = str(said.get("decline_code") or said.get("code") or "")
    words = str(said.get("message") or "")
    if code in UNTOLD or not words:
        words = "Your card was declined."
    return Charged(
        state=PaymentState.FAILED,
        key=key[:60],
        reference=reference,
        code=code[:60],
        hard=code in HARD,
        failure=words[:200],
    )


def refused(
    key: str, error: stripe.InvalidRequestError, reference: str = ""
) -> Charged:
    """A request that Stripe took for wrong: nothing was charged."""
    said = {"code": error.code or "invalid_request", "message": error.user_message}
    return failed(key, reference, said)
