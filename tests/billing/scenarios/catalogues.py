"""The fixed catalogues of the examples, where a scenario does not say its own.

Source: the tables and sentences of killbill-docs,
userguide/tutorials/catalog-examples.adoc. A plan is told in the document's own words
and read by ``wording``; what it says elsewhere (policies, alignments, blocks) is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MONTHLY = "Single EVERGREEN phase with a monthly recurring charge of $24.95"
ANNUAL = "Single EVERGREEN phase with an annual recurring charge of $275"
TRIAL = "TRIAL phase of 10 days followed by an EVERGREEN phase with a monthly"


@dataclass(frozen=True)
class Catalogue:
    """Plans in words by name; how periods are aligned, and what policies there are."""

    plans: dict[str, str] = field(default_factory=dict)
    addons: frozenset[str] = frozenset()
    # The billing day is the account's, unless each subscription has its own.
    aligned: bool = True
    arrears: bool = False
    # Add-ons whose phases are counted from the base plan's start.
    with_base: frozenset[str] = frozenset()
    # How usage of a unit is priced: "all tiers", "top tier" or "capacity", by unit.
    usage: dict[str, str] = field(default_factory=dict)
    # Blocks of a unit: size, price, how many of them (-1: any number).
    blocks: dict[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    # What an explicit policy does not say: "END_OF_TERM", "IMMEDIATE", "ILLEGAL".
    cancelled: dict[str, str] = field(default_factory=dict)
    changed: tuple[tuple[str, str, str], ...] = ()


def one(
    words: str, name: str = "standard-monthly", *, arrears: bool = False
) -> Catalogue:
    return Catalogue({name: words}, arrears=arrears)


STANDARD = {"standard-monthly": MONTHLY}
REMOTE = {
    "remotecontrol-monthly": "Single EVERGREEN phase with a monthly recurring charge"
    " of $17.95"
}
PHASED = {
    "standard-monthly": f"{TRIAL} recurring charge of $25",
    "remotecontrol-monthly": f"{TRIAL} recurring charge of $15",
    "oilslick-monthly": f"{TRIAL} recurring charge of $10",
}
CANCELLED = {
    "standard-monthly": "EVERGREEN phase with a monthly recurring charge of $25",
    "remotecontrol-monthly": "EVERGREEN phase with a monthly recurring charge of $15",
}
CHANGED = {
    "standard-monthly": "TRIAL phase of 30 days followed by an EVERGREEN phase with a"
    " monthly recurring charge of $100",
    "sports-monthly": "EVERGREEN phase with a monthly recurring charge of $500",
    "super-monthly": "EVERGREEN phase with a monthly recurring charge of $1000",
    "premium-monthly": "EVERGREEN phase with a monthly recurring charge of $2000",
}
WATER = {"water-monthly": "Single EVERGREEN phase with a MONTHLY charge of $30"}
PHONE = {"cell-phone-monthly": "Single EVERGREEN phase with a MONTHLY charge of $30"}
LITERS = (("1", "$1.50", "1000"), ("1", "$2.0", "-1"))
ADDON = frozenset({"remotecontrol-monthly"})

# By the beginning of the section's title; the longest that fits counts.
CATALOGUES = {
    "Billing Modes / IN_ADVANCE": one(MONTHLY),
    "Billing Modes / IN_ARREAR": one(MONTHLY, arrears=True),
    "Plan Phases / No Trial Phase and Fixed Term": one(
        "Single FIXEDTERM phase for a period of 6 weeks with a weekly recurring charge"
        " of $24.95",
        "standard-weekly",
    ),
    "Plan Phases / No Trial Phase and Monthly": one(MONTHLY),
    "Plan Phases / Trial Phase and Monthly": one(f"{TRIAL} recurring charge of $24.95"),
    "Plan Phases / Fixed and Recurring": one(
        "Single EVERGREEN phase with a fixed price of $50 and a monthly recurring"
        " charge of $24.95"
    ),
    "Plan Phases / Discount Phase": one(
        "DISCOUNT phase of 3 months with a monthly recurring charge of $4.95 followed"
        " by an EVERGREEN phase with a monthly recurring charge of $24.95"
    ),
    "Catalog with Multiple Plans / Catalog with Monthly": Catalogue(
        {**STANDARD, "standard-annual": ANNUAL}
    ),
    "Catalog with Multiple Plans / Catalog with Add-on": Catalogue(
        {**STANDARD, **REMOTE}, addons=ADDON
    ),
    "Billing Alignment Rules / Account": one(MONTHLY),
    "Billing Alignment Rules / Subscription": Catalogue(
        {**STANDARD, "standard-annual": ANNUAL}, aligned=False
    ),
    "Billing Alignment Rules / Bundle": Catalogue(
        {**STANDARD, **REMOTE}, addons=ADDON, aligned=False
    ),
    "Subscription Alignment Rules / Plan Creation Addon": Catalogue(
        PHASED,
        addons=frozenset({"remotecontrol-monthly", "oilslick-monthly"}),
        with_base=frozenset({"oilslick-monthly"}),
    ),
    "Subscription Alignment Rules / Plan Cancellation": Catalogue(
        CANCELLED,
        addons=ADDON,
        cancelled={"base": "END_OF_TERM", "addon": "IMMEDIATE"},
    ),
    # The first that fits counts: from which plan, to which, and what then.
    "Subscription Alignment Rules / Plan Change": Catalogue(
        CHANGED,
        changed=(
            ("TRIAL", "", "IMMEDIATE"),
            ("sports", "super", "IMMEDIATE"),
            ("", "super", "IMMEDIATE"),
            ("", "premium", "IMMEDIATE"),
            ("premium", "standard", "ILLEGAL"),
            ("", "", "END_OF_TERM"),
        ),
    ),
    "Usage Billing / Consumable Billing with ALL_TIERS": Catalogue(
        WATER, arrears=True, usage={"liter": "all tiers"}, blocks={"liter": LITERS}
    ),
    "Usage Billing / Consumable Billing with TOP_TIER": Catalogue(
        WATER, arrears=True, usage={"liter": "top tier"}, blocks={"liter": LITERS}
    ),
    "Usage Billing / Capacity": Catalogue(
        WATER,
        arrears=True,
        usage={"liter": "capacity"},
        blocks={"liter": (("1", "$750.0", "1000"), ("1", "$500.0", "10000"))},
    ),
    "Usage Billing / Multiple Usage": Catalogue(
        PHONE,
        arrears=True,
        usage={"cell-phone-minutes": "all tiers", "mbytes": "top tier"},
        blocks={
            "cell-phone-minutes": (("1", "$1.0", "100"), ("1", "$0.5", "-1")),
            "mbytes": (("1", "$1.0", "100"), ("1", "$0.5", "-1")),
        },
    ),
    "Usage Billing / Block Size": Catalogue(
        PHONE,
        arrears=True,
        usage={"cell-phone-minutes": "all tiers"},
        blocks={"cell-phone-minutes": (("10", "$1.00", "100"), ("10", "$0.5", "-1"))},
    ),
    "Versioned Catalogs": Catalogue(),
}

# Slips of the document, each with what it says itself a few words later.
ERRATA = {
    # "Since 1200 minutes (120 blocks) are recorded"
    ("Block Size", "Record a usage of 110 "): "Record a usage of 1200 ",
    # A month from 20 October does not end a year later.
    ("Trial Phase and Monthly", "2022-11-20"): "2021-11-20",
}


def of(section: str) -> Catalogue:
    """The catalogue of a section. Raises KeyError for one that nobody knows."""
    title = section.removeprefix("Subscription Alignment Rules / ")
    for prefix in sorted(CATALOGUES, key=len, reverse=True):
        short = prefix.removeprefix("Subscription Alignment Rules / ")
        if section.startswith(prefix) or title.startswith(short):
            return CATALOGUES[prefix]
    raise KeyError(section)


def corrected(section: str, text: str) -> str:
    """The text without the document's slips."""
    for (title, slip), right in ERRATA.items():
        if title in section:
            text = text.replace(slip, right)
    return text
