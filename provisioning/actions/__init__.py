"""The verbs of provisioning."""

from __future__ import annotations

from provisioning.actions.advancing import (
    ClaimRun,
    CompleteRun,
    EndRun,
    FinishApply,
    FinishPlan,
    ReapRun,
    StartApply,
    StartPlan,
)
from provisioning.actions.backups import ExpireBackup, RequestBackup
from provisioning.actions.deciding import CancelRun, ConfirmRun, DiscardRun
from provisioning.actions.queueing import PrepareDeployment, QueueRun, RetryRun
from provisioning.actions.statefile import (
    AdoptState,
    LockState,
    ReleaseStateLock,
    RescueState,
    SaveState,
    UnlockState,
)

__all__ = [
    "AdoptState",
    "CancelRun",
    "ClaimRun",
    "CompleteRun",
    "ConfirmRun",
    "DiscardRun",
    "EndRun",
    "ExpireBackup",
    "FinishApply",
    "FinishPlan",
    "LockState",
    "PrepareDeployment",
    "QueueRun",
    "ReapRun",
    "ReleaseStateLock",
    "RequestBackup",
    "RescueState",
    "RetryRun",
    "SaveState",
    "StartApply",
    "StartPlan",
    "UnlockState",
]
