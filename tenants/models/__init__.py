"""Customers' accounts, their tenants, where these live, what they are entitled to."""

from __future__ import annotations

from tenants.models.accounts import Account, Invitation, Membership
from tenants.models.tenancy import Domain, Entitlement, Placement, Tenant

__all__ = [
    "Account",
    "Domain",
    "Entitlement",
    "Invitation",
    "Membership",
    "Placement",
    "Tenant",
]
