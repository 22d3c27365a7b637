"""The catalogue: what is sold, in which versions, for how much, and what it grants."""

from __future__ import annotations

from billing.catalogue.granting import entitled
from billing.catalogue.places import why_no_place
from billing.catalogue.preview import preview
from billing.catalogue.versions import has_begun, held_among, sold
from billing.catalogue.words import in_words

__all__ = [
    "entitled",
    "has_begun",
    "held_among",
    "in_words",
    "preview",
    "sold",
    "why_no_place",
]
