"""Money that goes back at Stripe: refunds, and disputes of the payer's bank."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.gateways.contract import Disputed, Return, Returned
from billing.gateways.stripe.client import client, doubts
from billing.rating.conventions import STRIPE
from billing.states import DisputeState

DISPUTES = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def give_back(wanted: Return) -> Returned:
    """Refund, or find the refund that was made."""
    if wanted.again and (found := _look_for(wanted)) is not None:
        return found
    asked: Any = {
        "payment_intent": wanted.payment,
        "amount": STRIPE.sent(wanted.amount, wanted.currency),
        "metadata": {"refund": wanted.key},
    }
    with doubts():
        try:
            made = client().v1.refunds.create(asked, {"idempotency_key": wanted.key})
        except stripe.InvalidRequestError as error:
            words = str(error.user_message or "Stripe refuses this refund.")[:200]
            return Returned(done=False, failed=True, key=wanted.key, failure=words)
    return told(made.to_dict())


def _look_for(wanted: Return) -> Returned | None:
    if wanted.reference:
        return look_at_refund(wanted.reference)
    asked: Any = {"payment_intent": wanted.payment, "limit": 100}
    with doubts():
        for refund in client().v1.refunds.list(asked).auto_paging_iter():
            found = refund.to_dict()
            if (found.get("metadata") or {}).get("refund") == wanted.key:
                return told(found)
    return None


def look_at_refund(reference: str) -> Returned:
    """How a refund stands now. Raises NotFound."""
    with doubts():
        return told(client().v1.refunds.retrieve(reference).to_dict())


def told(refund: Mapping[str, Any]) -> Returned:
    """A Refund in our words: it may fail days after it was taken."""
    status = refund.get("status")
    over = status in {"failed", "canceled"}
    return Returned(
        done=status == "succeeded",
        failed=over,
        key=str((refund.get("metadata") or {}).get("refund", ""))[:60],
        reference=str(refund["id"]),
        failure=str(refund.get("failure_reason") or status)[:200] if over else "",
    )


def look_at_dispute(reference: str) -> Disputed:
    """How a dispute stands now. Raises NotFound."""
    with doubts():
        found = client().v1.disputes.retrieve(reference).to_dict()
    currency = str(found["currency"]).upper()
    answer_by = (found.get("evidence_details") or {}).get("due_by")
    return Disputed(
        reference=str(found["id"]),
        payment=str(found.get("payment_intent") or ""),
        amount=STRIPE.received(int(found["amount"]), currency),
        currency=currency,
        why=str(found.get("reason") or "")[:60],
        state=DISPUTES.get(str(found["status"]), DisputeState.OPEN),
        answer_by=datetime.fromtimestamp(answer_by, UTC) if answer_by else None,
    )
