"""Cloud accounts, stacks, deployments, their runs and Terraform's state."""

from __future__ import annotations

from provisioning.models.clouds import CloudAccount, Network
from provisioning.models.databases import (
    Backup,
    Database,
    DatabaseCopy,
    DatabaseJob,
)
from provisioning.models.deployments import Deployment
from provisioning.models.fleet import Rollout, RolloutItem
from provisioning.models.gates import RegoPolicy, ShownPlan
from provisioning.models.products import (
    NoticeKind,
    NoticeState,
    Product,
    ProductNotice,
)
from provisioning.models.removals import Removal, RemovalStep
from provisioning.models.runs import (
    Approval,
    LogChunk,
    PlanFile,
    Run,
    RunComment,
    RunPhase,
    RunRules,
)
from provisioning.models.stacks import StackVersion
from provisioning.models.statefile import StateLock, StateOrigin, StateVersion

__all__ = [
    "Approval",
    "Backup",
    "CloudAccount",
    "Database",
    "DatabaseCopy",
    "DatabaseJob",
    "Deployment",
    "LogChunk",
    "Network",
    "NoticeKind",
    "NoticeState",
    "PlanFile",
    "Product",
    "ProductNotice",
    "RegoPolicy",
    "Removal",
    "RemovalStep",
    "Rollout",
    "RolloutItem",
    "Run",
    "RunComment",
    "RunPhase",
    "RunRules",
    "ShownPlan",
    "StackVersion",
    "StateLock",
    "StateOrigin",
    "StateVersion",
]
