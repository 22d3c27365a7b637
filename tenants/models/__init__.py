"""Customers' accounts with keys and webhooks, their tenants, where these live."""

from __future__ import annotations

from tenants.models.accounts import Account, Invitation, Membership
from tenants.models.hooks import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tenants.models.keys import ApiKey
from tenants.models.tenancy import Domain, Entitlement, Placement, Tenant

__all__ = [
    "Account",
    "ApiKey",
    "Domain",
    "Entitlement",
    "Invitation",
    "Membership",
    "Placement",
    "Tenant",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
]
