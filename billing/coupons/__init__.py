"""Coupons: redeeming them, and what they take off an invoice."""

from __future__ import annotations

from billing.coupons.redeeming import code_for, redeem
from billing.coupons.taking import Off, Taken, held_by, take_off
from billing.coupons.using import give_back, use

__all__ = [
    "Off",
    "Taken",
    "code_for",
    "give_back",
    "held_by",
    "redeem",
    "take_off",
    "use",
]
