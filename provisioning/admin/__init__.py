"""Provisioning in the operators' admin."""

from __future__ import annotations

from provisioning.admin import (
    accounts,
    databases,
    deployments,
    fleet,
    products,
    removals,
    rules,
    runs,
    stacks,
    states,
)

__all__ = [
    "accounts",
    "databases",
    "deployments",
    "fleet",
    "products",
    "removals",
    "rules",
    "runs",
    "stacks",
    "states",
]
