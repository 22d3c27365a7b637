"""What people read on a plan's card."""

from __future__ import annotations

from collections.abc import Mapping

from billing.rating.grants import Value


def in_words(
    features: Mapping[str, Value], limits: Mapping[str, int | None]
) -> list[str]:
    """What a plan grants, limits first."""
    return [_limit(*item) for item in limits.items()] + [
        _feature(name, value) for name, value in features.items() if value is not False
    ]


def spoken(name: str) -> str:
    """A name of the catalogue as people say it: ``api_calls`` -> "api calls"."""
    return name.replace("_", " ").replace("-", " ")


def _limit(name: str, most: int | None) -> str:
    count = "Any number of" if most is None else f"{most:,}"
    return f"{count} {spoken(name)}"


def _feature(name: str, value: Value) -> str:
    said = spoken(name).capitalize()
    return said if value is True else f"{said}: {value}"
