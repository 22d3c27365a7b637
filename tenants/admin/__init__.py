"""Operators' view of customers, their tenants, keys and webhooks."""

from __future__ import annotations

from tenants.admin import accounts, hooks, keys

__all__ = ["accounts", "hooks", "keys"]
