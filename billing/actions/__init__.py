"""The verbs of billing, by what they act on."""

from __future__ import annotations

from billing.actions.biller import (
    BillBatch,
    BillCustomer,
    ExpireUnpaid,
    ParkCustomer,
    RetryBilling,
)
from billing.actions.books import CheckBooks
from billing.actions.coupons import (
    AddPromotionCode,
    CreateCoupon,
    EndRedemption,
    RedeemCode,
    RetireCoupon,
    RetirePromotionCode,
)
from billing.actions.credits import (
    BuyCredit,
    ExpireCredit,
    GrantCredit,
    LapsePurchase,
    ReduceCredit,
)
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
    WriteDunningSchedule,
)
from billing.actions.invoices import (
    CreditInvoice,
    DiscardDraft,
    DraftInvoice,
    FinaliseInvoice,
    GiveUpInvoice,
    VoidInvoice,
)
from billing.actions.methods import (
    LookAtMethod,
    MakeDefault,
    RecordMethod,
    RemoveMethod,
    SetUpMethod,
)
from billing.actions.papers import SetPapers
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
    ChangeQuantity,
    ExtendTrial,
    PauseSubscription,
    ReactivateSubscription,
    ResumeSubscription,
    SetAddon,
    Subscribe,
    UndoCancel,
)
from billing.actions.taxes import AddTaxRate, EndTaxRate
from billing.actions.usage import (
    CreateMeter,
    RebuildUsage,
    RecordUsage,
    RenameMeter,
    RetireMeter,
)

__all__ = [
    "AddPromotionCode",
    "AddTaxRate",
    "AskGateway",
    "BillBatch",
    "BillCustomer",
    "BuyCredit",
    "CancelSubscription",
    "ChangePlan",
    "ChangeQuantity",
    "CheckBooks",
    "CollectInvoice",
    "CreateCoupon",
    "CreateMeter",
    "CreatePlan",
    "CreditInvoice",
    "DiscardDraft",
    "DraftInvoice",
    "EndRedemption",
    "EndTaxRate",
    "ExpireCredit",
    "ExpireUnpaid",
    "ExtendTrial",
    "FinaliseInvoice",
    "GiveUpInvoice",
    "GrantCredit",
    "ImportCatalogue",
    "ImportStatement",
    "LapsePurchase",
    "LookAtMethod",
    "LookAtPayment",
    "MakeDefault",
    "MarkInvoicePaid",
    "MarkRefundSent",
    "MigratePlan",
    "NoteFailedPayment",
    "ParkCustomer",
    "PauseSubscription",
    "PayInvoice",
    "ReactivateSubscription",
    "RebuildUsage",
    "RecordMethod",
    "RecordPayment",
    "RecordRefund",
    "RecordUsage",
    "RedeemCode",
    "ReduceCredit",
    "RefundPayment",
    "RemoveMethod",
    "RenameMeter",
    "ResumeSubscription",
    "RetireCoupon",
    "RetireMeter",
    "RetirePlan",
    "RetirePromotionCode",
    "RetryBilling",
    "RetryPayment",
    "RetryRefund",
    "SetAddon",
    "SetAddress",
    "SetDunning",
    "SetOverrides",
    "SetPapers",
    "SetReckoning",
    "SetTerms",
    "SetUpMethod",
    "StartSale",
    "Subscribe",
    "TakeDunningStep",
    "UndoCancel",
    "VoidInvoice",
    "WithdrawPayment",
    "WriteDunningSchedule",
]
