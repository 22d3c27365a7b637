"""The verbs of billing, by what they act on."""

from __future__ import annotations

from billing.actions.biller import AdvanceDunning, ExpireUnpaid, RenewSubscription
from billing.actions.invoices import MarkInvoicePaid, VoidInvoice
from billing.actions.plans import CreatePlan, MigratePlan, RetirePlan, StartSale
from billing.actions.subscriptions import (
    CancelSubscription,
    ChangePlan,
    Subscribe,
    UndoCancel,
)

__all__ = [
    "AdvanceDunning",
    "CancelSubscription",
    "ChangePlan",
    "CreatePlan",
    "ExpireUnpaid",
    "MarkInvoicePaid",
    "MigratePlan",
    "RenewSubscription",
    "RetirePlan",
    "StartSale",
    "Subscribe",
    "UndoCancel",
    "VoidInvoice",
]
