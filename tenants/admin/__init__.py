"""Operators' view of customers, their tenants, keys and webhooks."""

from __future__ import annotations

from tenants.admin import hooks, keys
from tenants.admin.accounts import AccountAdmin, TenantAdmin

__all__ = ["AccountAdmin", "TenantAdmin", "hooks", "keys"]
