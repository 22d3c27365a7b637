"""The verbs of billing, by what they act on."""

from __future__ import annotations

from billing.actions.biller import AdvanceDunning, ExpireUnpaid, RenewSubscription
from billing.actions.customers import (
    SetAddress,
    SetOverrides,
    SetReckoning,
    SetTerms,
)
from billing.actions.dunning import (
    NoteFailedPayment,
    RetryPayment,
    SetDunning,
    TakeDunningStep,
    TryAnotherMethod,
    WriteDunningSchedule,
)
from billing.actions.invoices import VoidInvoice
from billing.actions.methods import (
    LookAtMethod,
    MakeDefault,
    RecordMethod,
    RemoveMethod,
    SetUpMethod,
)
from billing.actions.payments import (
    AskGateway,
    CollectInvoice,
    LookAtPayment,
    MarkInvoicePaid,
    PayInvoice,
    RecordPayment,
    WithdrawPayment,
)
from billing.actions.plans import (
    CreatePlan,
    ImportCatalogue,
    MigratePlan,
    RetirePlan,
    StartSale,
)
from billing.actions.refunds import (
    MarkRefundSent,
    RecordRefund,
    RefundPayment,
    RetryRefund,
)
from billing.actions.statements import ImportStatement
from billing.actions.subscriptions import (
    CancelSubscription,
    ChangePlan,
    Subscribe,
    UndoCancel,
)
from billing.actions.usage import CreateMeter, RecordUsage, RenameMeter, RetireMeter

__all__ = [
    "AdvanceDunning",
    "AskGateway",
    "CancelSubscription",
    "ChangePlan",
    "CollectInvoice",
    "CreateMeter",
    "CreatePlan",
    "ExpireUnpaid",
    "ImportCatalogue",
    "ImportStatement",
    "LookAtMethod",
    "LookAtPayment",
    "MakeDefault",
    "MarkInvoicePaid",
    "MarkRefundSent",
    "MigratePlan",
    "NoteFailedPayment",
    "PayInvoice",
    "RecordMethod",
    "RecordPayment",
    "RecordRefund",
    "RecordUsage",
    "RefundPayment",
    "RemoveMethod",
    "RenameMeter",
    "RenewSubscription",
    "RetireMeter",
    "RetirePlan",
    "RetryPayment",
    "RetryRefund",
    "SetAddress",
    "SetDunning",
    "SetOverrides",
    "SetReckoning",
    "SetTerms",
    "SetUpMethod",
    "StartSale",
    "Subscribe",
    "TakeDunningStep",
    "TryAnotherMethod",
    "UndoCancel",
    "VoidInvoice",
    "WithdrawPayment",
    "WriteDunningSchedule",
]
