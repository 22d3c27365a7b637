"""Verbs of customers and operators on a subscription, by what they do to it."""

from __future__ import annotations

from billing.actions.subscriptions.changing import (
    ChangePlan,
    ChangeQuantity,
    PlanChange,
    SetAddon,
)
from billing.actions.subscriptions.ending import (
    CancelSubscription,
    ReactivateSubscription,
    UndoCancel,
)
from billing.actions.subscriptions.pausing import (
    ExtendTrial,
    PauseSubscription,
    ResumeSubscription,
)
from billing.actions.subscriptions.subscribing import Subscribe, on_sale, to_pay

__all__ = [
    "CancelSubscription",
    "ChangePlan",
    "ChangeQuantity",
    "ExtendTrial",
    "PauseSubscription",
    "PlanChange",
    "ReactivateSubscription",
    "ResumeSubscription",
    "SetAddon",
    "Subscribe",
    "UndoCancel",
    "on_sale",
    "to_pay",
]
