"""States of plans, subscriptions, invoices and payments, and the moves between them."""

from __future__ import annotations

from django.db import models

from tenants.states import EntitlementState


class PlanKind(models.TextChoices):
    BASE = "base"
    ADDON = "addon", "add-on"  # taken beside a base plan, any number of them


class PhasesFrom(models.TextChoices):
    """From where the phases of an add-on are counted."""

    OWN = "own", "when it was taken"
    SUBSCRIPTION = "subscription", "the subscription's start"


class PriceKind(models.TextChoices):
    FEE = "fee"  # once for each period
    SEAT = "seat"  # by a quantity that the customer sets
    USAGE = "usage"  # by what a meter counted
    ONCE = "once", "once, when it is taken"


class TrialEnd(models.TextChoices):
    """What follows a trial where no way to pay is stored."""

    INVOICE = "invoice", "an invoice, to be paid in time"
    CANCEL = "cancel", "the end"
    PAUSE = "pause", "a pause"


class Timing(models.TextChoices):
    ADVANCE = "advance", "in advance"
    ARREARS = "arrears", "in arrears"


class Collection(models.TextChoices):
    """How a customer pays what becomes due."""

    AUTOMATIC = "automatic", "charged to a stored method"
    TRANSFER = "transfer", "bank transfer"


class CaseState(models.TextChoices):
    """Of a customer that owes beyond its day."""

    OPEN = "open"
    ENDED = "ended"  # paid, taken back, given up, or the customer is exempt


class TaxBy(models.TextChoices):
    LINE = "line", "on each line, rounded and then summed"
    TOTAL = "total", "on the sum of the lines"


class LineKind(models.TextChoices):
    FEE = "fee"
    SEAT = "seat"
    USAGE = "usage"
    COMMITMENT = "commitment"
    CREDIT = "credit"  # for a part that is not used any more
    DISCOUNT = "discount"
    PREPAID = "prepaid", "credit bought ahead"
    CHARGEBACK = "chargeback", "taken back by the bank"
    OTHER = "other"


class PlanState(models.TextChoices):
    SCHEDULED = "scheduled"  # sold from a moment to come
    ON_SALE = "on_sale", "on sale"
    RETIRED = "retired"  # those who have it keep it; nobody new gets it


PLAN_MOVES = {
    PlanState.SCHEDULED: {PlanState.ON_SALE, PlanState.RETIRED},
    PlanState.ON_SALE: {PlanState.RETIRED},
    PlanState.RETIRED: set[PlanState](),
}


class SubscriptionState(models.TextChoices):
    SCHEDULED = "scheduled"  # begins on a day to come
    INCOMPLETE = "incomplete"  # waits for its first payment
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due", "past due"  # a reminder went out; nothing else changed
    GRACE = "grace"  # the last days before access is closed
    SUSPENDED = "suspended"  # access closed, data and infrastructure kept
    PAUSED = "paused"  # by the customer: nothing is billed, access closed
    CANCELLED = "cancelled"


_S = SubscriptionState
SUBSCRIPTION_MOVES = {
    _S.SCHEDULED: {_S.INCOMPLETE, _S.TRIALING, _S.ACTIVE, _S.CANCELLED},
    _S.INCOMPLETE: {_S.TRIALING, _S.ACTIVE, _S.CANCELLED},
    _S.TRIALING: {_S.ACTIVE, _S.PAUSED, _S.CANCELLED},
    _S.ACTIVE: {_S.PAST_DUE, _S.PAUSED, _S.CANCELLED},
    _S.PAST_DUE: {_S.ACTIVE, _S.GRACE, _S.CANCELLED},
    _S.GRACE: {_S.ACTIVE, _S.SUSPENDED, _S.CANCELLED},
    _S.SUSPENDED: {_S.ACTIVE, _S.CANCELLED},
    _S.PAUSED: {_S.ACTIVE, _S.CANCELLED},
    # Reactivated while what it had is still kept.
    _S.CANCELLED: {_S.ACTIVE},
}

# States in which a period follows a period.
RUNNING = frozenset({_S.TRIALING, _S.ACTIVE, _S.PAST_DUE, _S.GRACE})
# States into which only an unpaid invoice leads, and out of which payment leads.
OWING = frozenset({_S.PAST_DUE, _S.GRACE, _S.SUSPENDED})

# What the tenant is entitled to in each state.
ENTITLEMENT_IN = {
    _S.SCHEDULED: EntitlementState.NONE,
    _S.INCOMPLETE: EntitlementState.NONE,
    _S.TRIALING: EntitlementState.TRIAL,
    _S.ACTIVE: EntitlementState.ACTIVE,
    _S.PAST_DUE: EntitlementState.ACTIVE,
    _S.GRACE: EntitlementState.GRACE,
    _S.SUSPENDED: EntitlementState.SUSPENDED,
    _S.PAUSED: EntitlementState.SUSPENDED,
    _S.CANCELLED: EntitlementState.ENDED,
}


class InvoiceState(models.TextChoices):
    DRAFT = "draft"  # no number yet
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


INVOICE_MOVES = {
    InvoiceState.DRAFT: {InvoiceState.OPEN},
    InvoiceState.OPEN: {
        InvoiceState.PAID,
        InvoiceState.UNCOLLECTIBLE,
        InvoiceState.VOID,
    },
    # The money may come after all.
    InvoiceState.UNCOLLECTIBLE: {InvoiceState.PAID, InvoiceState.VOID},
    InvoiceState.PAID: set[InvoiceState](),
    InvoiceState.VOID: set[InvoiceState](),
}


class InvoiceKind(models.TextChoices):
    START = "start", "first period"
    RENEWAL = "renewal", "next period"
    CHANGE = "change", "change of plan"
    ONE_OFF = "one_off", "single charge"
    PREPAID = "prepaid", "credit bought ahead"  # an offer, as the first two are


class PaymentState(models.TextChoices):
    CREATED = "created"  # written down, the gateway was not asked yet
    PROCESSING = "processing"  # asked; how it went is not known yet
    NEEDS_CONFIRMATION = "needs_confirmation", "needs confirmation"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


PAYMENT_MOVES = {
    PaymentState.CREATED: {
        PaymentState.PROCESSING,
        PaymentState.NEEDS_CONFIRMATION,
        PaymentState.SUCCEEDED,
        PaymentState.FAILED,
    },
    PaymentState.PROCESSING: {
        PaymentState.NEEDS_CONFIRMATION,
        PaymentState.SUCCEEDED,
        PaymentState.FAILED,
    },
    PaymentState.NEEDS_CONFIRMATION: {
        PaymentState.PROCESSING,
        PaymentState.SUCCEEDED,
        PaymentState.FAILED,
    },
    PaymentState.SUCCEEDED: set[PaymentState](),
    # The money may come after all: it is never lost.
    PaymentState.FAILED: {PaymentState.SUCCEEDED},
}
# One of these at a time for each invoice.
IN_FLIGHT = (
    PaymentState.CREATED,
    PaymentState.PROCESSING,
    PaymentState.NEEDS_CONFIRMATION,
)


class MethodState(models.TextChoices):
    PENDING = "pending"  # the customer has still to fill it in, at the gateway
    ACTIVE = "active"
    UNUSABLE = "unusable"  # the bank will never let anything through
    FAILED = "failed"  # it was never set up
    REMOVED = "removed"


METHOD_MOVES = {
    MethodState.PENDING: {MethodState.ACTIVE, MethodState.FAILED, MethodState.REMOVED},
    MethodState.ACTIVE: {MethodState.UNUSABLE, MethodState.REMOVED},
    MethodState.UNUSABLE: {MethodState.ACTIVE, MethodState.REMOVED},
    MethodState.FAILED: {MethodState.REMOVED},
    MethodState.REMOVED: set[MethodState](),
}


class IncomingState(models.TextChoices):
    STORED = "stored"
    FOLLOWED = "followed"
    IGNORED = "ignored"  # about nothing of ours


INCOMING_MOVES = {
    IncomingState.STORED: {IncomingState.FOLLOWED, IncomingState.IGNORED},
    IncomingState.FOLLOWED: set[IncomingState](),
    IncomingState.IGNORED: set[IncomingState](),
}


class DisputeState(models.TextChoices):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


DISPUTE_MOVES = {
    DisputeState.OPEN: {DisputeState.WON, DisputeState.LOST},
    DisputeState.WON: {DisputeState.LOST},
    DisputeState.LOST: {DisputeState.WON},
}


class TaxPayer(models.TextChoices):
    """For whom a rate of tax holds."""

    ANY = "any"
    BUSINESS = "business"
    CONSUMER = "consumer"


class CouponState(models.TextChoices):
    ACTIVE = "active"
    RETIRED = "retired"  # who has it keeps it; nobody new gets it


COUPON_MOVES = {
    CouponState.ACTIVE: {CouponState.RETIRED},
    CouponState.RETIRED: {CouponState.ACTIVE},
}


class RedemptionState(models.TextChoices):
    ACTIVE = "active"
    USED = "used"  # as often as it holds
    ENDED = "ended"  # taken away


REDEMPTION_MOVES = {
    RedemptionState.ACTIVE: {RedemptionState.USED, RedemptionState.ENDED},
    # An invoice that was taken back gives its use back, too.
    RedemptionState.USED: {RedemptionState.ACTIVE, RedemptionState.ENDED},
    RedemptionState.ENDED: set[RedemptionState](),
}


class NoteReason(models.TextChoices):
    """Why a part of an invoice is taken back."""

    UNUSED = "unused", "not used"
    MISTAKE = "mistake", "billed by mistake"
    DUPLICATE = "duplicate", "billed twice"
    UNSATISFACTORY = "unsatisfactory", "not as promised"
    OTHER = "other"


class RefundState(models.TextChoices):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_MOVES = {
    RefundState.PENDING: {RefundState.SUCCEEDED, RefundState.FAILED},
    # The bank sent it back, days later.
    RefundState.SUCCEEDED: {RefundState.FAILED},
    RefundState.FAILED: {RefundState.PENDING},
}


class CreditKind(models.TextChoices):
    """Where an amount in a customer's favour came from."""

    PREPAID = "prepaid", "credit bought ahead"
    PROMOTION = "promotion", "given away"
    ADJUSTMENT = "adjustment", "adjusted by an operator"
    OVERPAID = "overpaid", "paid too much"
    NOTE = "note", "credit note"
    INVOICE = "invoice", "invoice below zero"


class EntryKind(models.TextChoices):
    """Why a balance moved."""

    GRANTED = "granted"
    APPLIED = "applied", "used for an invoice"
    RETURNED = "returned", "given back by an invoice that was taken back"
    EXPIRED = "expired"
    REFUNDED = "refunded", "paid back"
    ADJUSTED = "adjusted", "taken back by an operator"


class LedgerAccount(models.TextChoices):
    """Accounts of the ledger: what customers owe and own, what is earned and lost."""

    RECEIVABLE = "receivable", "owed by customers"
    CASH = "cash"
    REVENUE = "revenue", "revenue, by the period it is earned in"
    TAX = "tax", "tax that is owed on"
    PREPAYMENTS = "prepayments", "prepaid credit that was invoiced"
    CREDIT = "credit", "customers' credit balance"
    PROMOTIONS = "promotions", "credit that was given away"
    REFUNDS = "refunds", "refunds on their way"
    BAD_DEBT = "bad_debt", "given up"
    CHARGEBACKS = "chargebacks", "payments that banks took back, until invoiced anew"


class Posting(models.TextChoices):
    """What a booking is for."""

    ISSUED = "issued", "invoice finalised"
    VOIDED = "voided", "invoice taken back"
    GIVEN_UP = "given_up", "invoice given up"
    PAID = "paid", "payment"
    NOTED = "noted", "credit note"
    APPLIED = "applied", "balance used"
    RETURNED = "returned", "balance given back"
    GRANTED = "granted", "credit granted"
    EXPIRED = "expired", "credit expired"
    REFUND = "refund", "refund"
    CHARGEBACK = "chargeback", "payment taken back by the bank"
