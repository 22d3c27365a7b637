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
from billing.actions.usage import CreateMeter, RecordUsage, RenameMeter, RetireMeter

__all__ = [
    "AdvanceDunning",
    "CancelSubscription",
    "ChangePlan",
    "CreateMeter",
    "CreatePlan",
    "ExpireUnpaid",
    "MarkInvoicePaid",
    "MigratePlan",
    "RecordUsage",
    "RenameMeter",
    "RenewSubscription",
    "RetireMeter",
    "RetirePlan",
    "StartSale",
    "Subscribe",
    "UndoCancel",
    "VoidInvoice",
]
