"""Coupons: redeeming them, and what they take off an invoice."""

from __future__ import annotations

from billing.coupons.redeeming import code_for, redeem
from billing.coupons.taking import Off, Taken, held_by, take_off
from billing.coupons.using import count, give_back, spent, use

__all__ = [
    "Off",
    "Taken",
    "code_for",
    "count",
    "give_back",
    "held_by",
    "redeem",
    "spent",
    "take_off",
    "use",
]
