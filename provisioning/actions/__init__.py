"""The verbs of provisioning."""

from __future__ import annotations

from provisioning.actions.accounts import (
    AddCloudAccount,
    ChangeCloudAccount,
    PauseCloudAccount,
    RecordAccountTest,
    ResumeCloudAccount,
    TestCloudAccount,
)
from provisioning.actions.advancing import (
    ClaimRun,
    CompleteRun,
    EndRun,
    FinishApply,
    FinishPlan,
    StartApply,
    StartPlan,
)
from provisioning.actions.archiving import ArchiveStack
from provisioning.actions.backups import ExpireBackup, RequestBackup
from provisioning.actions.canceling import CancelRun, ForceCancelRun
from provisioning.actions.databases import (
    NoteSize,
    RotateCredentials,
    SleepDatabase,
    WakeDatabase,
)
from provisioning.actions.databasework import (
    ClaimDatabaseJob,
    EndDatabaseJob,
    FinishBackup,
    FinishDatabaseJob,
    NoteArchive,
    NoteCopy,
)
from provisioning.actions.deciding import (
    CommentRun,
    ConfirmRun,
    DiscardRun,
    WithdrawRun,
)
from provisioning.actions.drifting import (
    AdoptDrift,
    RepairDrift,
)
from provisioning.actions.moving import (
    BeginUpgrade,
    LeaveUpgrade,
    SettleUpgrade,
)
from provisioning.actions.phasing import FinishLook, PinRun, StartCheck
from provisioning.actions.products import (
    AddProduct,
    ChangeProduct,
    OweNotice,
    RotateProductSecret,
    SendNoticeAgain,
    SettleNotice,
)
from provisioning.actions.queueing import PrepareDeployment, QueueRun, RetryRun
from provisioning.actions.reaping import MissRun, ReapRun
from provisioning.actions.removing import (
    AdvanceRemoval,
    BeginRemoval,
    HoldRemoval,
    NoteRemoval,
    ReleaseRemoval,
    RetryRemoval,
    SkipBackup,
)
from provisioning.actions.restores import (
    DrillBackup,
    DropCopy,
    NoteDropped,
    RestoreCopy,
    RestoreInPlace,
)
from provisioning.actions.rules import (
    AddPolicy,
    ChangePolicy,
    ChangeRunRules,
    DisablePolicy,
    EnablePolicy,
)
from provisioning.actions.settling import (
    PutOffRun,
    SettleRun,
    StartTaking,
    StopTaking,
    TakeUpMore,
)
from provisioning.actions.simulation import MoveSimulation
from provisioning.actions.statefile import (
    AdoptState,
    DiscardState,
    LockState,
    ReleaseStateLock,
    RescueState,
    RollbackState,
    SaveState,
    ThawDeployment,
    UnlockState,
)
from provisioning.actions.upgrading import (
    AbortRollout,
    PauseRollout,
    ResumeRollout,
    SettleRollout,
    SetWindow,
    StartRollout,
)
from provisioning.actions.verifying import NoteChecks

__all__ = [
    "AbortRollout",
    "AddCloudAccount",
    "AddPolicy",
    "AddProduct",
    "AdoptDrift",
    "AdoptState",
    "AdvanceRemoval",
    "ArchiveStack",
    "BeginRemoval",
    "BeginUpgrade",
    "CancelRun",
    "ChangeCloudAccount",
    "ChangePolicy",
    "ChangeProduct",
    "ChangeRunRules",
    "ClaimDatabaseJob",
    "ClaimRun",
    "CommentRun",
    "CompleteRun",
    "ConfirmRun",
    "DisablePolicy",
    "DiscardRun",
    "DiscardState",
    "DrillBackup",
    "DropCopy",
    "EnablePolicy",
    "EndDatabaseJob",
    "EndRun",
    "ExpireBackup",
    "FinishApply",
    "FinishBackup",
    "FinishDatabaseJob",
    "FinishLook",
    "FinishPlan",
    "ForceCancelRun",
    "HoldRemoval",
    "LeaveUpgrade",
    "LockState",
    "MissRun",
    "MoveSimulation",
    "NoteArchive",
    "NoteChecks",
    "NoteCopy",
    "NoteDropped",
    "NoteRemoval",
    "NoteSize",
    "OweNotice",
    "PauseCloudAccount",
    "PauseRollout",
    "PinRun",
    "PrepareDeployment",
    "PutOffRun",
    "QueueRun",
    "ReapRun",
    "RecordAccountTest",
    "ReleaseRemoval",
    "ReleaseStateLock",
    "RepairDrift",
    "RequestBackup",
    "RescueState",
    "RestoreCopy",
    "RestoreInPlace",
    "ResumeCloudAccount",
    "ResumeRollout",
    "RetryRemoval",
    "RetryRun",
    "RollbackState",
    "RotateCredentials",
    "RotateProductSecret",
    "SaveState",
    "SendNoticeAgain",
    "SetWindow",
    "SettleNotice",
    "SettleRollout",
    "SettleRun",
    "SettleUpgrade",
    "SkipBackup",
    "SleepDatabase",
    "StartApply",
    "StartCheck",
    "StartPlan",
    "StartRollout",
    "StartTaking",
    "StopTaking",
    "TakeUpMore",
    "TestCloudAccount",
    "ThawDeployment",
    "UnlockState",
    "WakeDatabase",
    "WithdrawRun",
]
