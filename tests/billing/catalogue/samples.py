"""Prices of every kind, as somebody writes them down."""

from __future__ import annotations

from typing import Any

TIERS = [
    {"up_to": "1000", "unit_amount": "0.01"},
    {"up_to": None, "unit_amount": "0.005", "flat_amount": "2"},
]
STEPS = [{"up_to": "10", "flat_amount": "50"}, {"up_to": None, "flat_amount": "90"}]


def card(model: str, **said: Any) -> dict[str, Any]:
    """A rate card of one price."""
    return {"price": {"model": model, **said}}


def usage(code: str, card: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"code": code, "kind": "usage", "meter": "api_calls", "card": card, **other}


def seats(code: str, card: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"code": code, "kind": "seat", "card": card, **other}


PER_SEAT = seats("seats", card("per_unit", unit_amount="9", minimum="3"))
METERED = usage("api-calls", card("per_unit", unit_amount="0.0025"))
# One price of every model that there is, and each with what may surround it.
EVERY_MODEL = [
    {"code": "setup", "kind": "fee", "card": card("flat", amount="10")},
    seats("seats", card("per_unit", unit_amount="9", minimum="3")),
    seats("volume", card("volume", tiers=TIERS)),
    seats("steps", card("stairstep", tiers=STEPS)),
    usage("graduated", card("graduated", tiers=TIERS, flat_at_zero=True)),
    usage("packages", card("package", amount="5", size="100", rounding="down")),
    usage("tiers", card("graduated_by_package", size="10", tiers=TIERS)),
    usage("dynamic", card("dynamic", multiplier="1.1")),
    usage("percent", card("percentage", percent="1.5", fixed="0.1", free_events=2)),
    usage("parts", card("graduated_percentage", tiers=TIERS)),
    usage(
        "bounded",
        {
            **card("per_unit", unit_amount="0.1"),
            "free_units": "50",
            "percent_off": "10",
            "minimum": "5",
            "maximum": "500",
        },
    ),
    {
        "code": "phased",
        "kind": "fee",
        "phases": [
            {"kind": "trial", "duration": "P14D"},
            {"kind": "discount", "duration": "P3M", "card": card("flat", amount="5")},
            {"kind": "evergreen", "card": card("flat", amount="10")},
        ],
    },
]
