"""The state machines of billing, from the tables in ``states``."""

from __future__ import annotations

from billing.states import (
    COUPON_MOVES,
    DISPUTE_MOVES,
    INCOMING_MOVES,
    INVOICE_MOVES,
    METHOD_MOVES,
    PAYMENT_MOVES,
    PLAN_MOVES,
    REDEMPTION_MOVES,
    REFUND_MOVES,
    SUBSCRIPTION_MOVES,
)
from paybill_site.kernel.states import Machine

plans = Machine("plan", PLAN_MOVES)
subscriptions = Machine("subscription", SUBSCRIPTION_MOVES)
invoices = Machine("invoice", INVOICE_MOVES)
payments = Machine("payment", PAYMENT_MOVES)
methods = Machine("payment method", METHOD_MOVES)
incoming = Machine("incoming event", INCOMING_MOVES)
disputes = Machine("dispute", DISPUTE_MOVES)
coupons = Machine("coupon", COUPON_MOVES)
redemptions = Machine("redemption", REDEMPTION_MOVES)
refunds = Machine("refund", REFUND_MOVES)
