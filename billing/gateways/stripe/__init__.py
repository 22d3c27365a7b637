"""Stripe as a way to collect money; the SDK pins one version of its API.

Amounts are counted here as Stripe counts them (``rating.conventions.STRIPE``), the
customer fills cards in at Stripe's own pages, and what Stripe tells by webhook is only
a hint to fetch the object as it is now.
"""

from __future__ import annotations

from billing.gateways.stripe.gateway import Stripe

__all__ = ["Stripe"]
