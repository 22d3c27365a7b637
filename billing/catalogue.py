"""The shape of what a plan grants: features and limits, checked before a sale."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0, le=2**53)]

# A feature is there or not, or has a value: {"sso": true, "support": "by e-mail"}.
Features = dict[Name, bool | Count | Text]
# How many of something; None says without limit: {"agents": 5, "orders": null}.
Limits = dict[Name, Count | None]


def in_words(features: Features, limits: Limits) -> list[str]:
    """What people read on a plan's card, limits first."""
    return [_limit(*item) for item in limits.items()] + [
        _feature(name, value) for name, value in features.items() if value is not False
    ]


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _limit(name: str, most: int | None) -> str:
    count = "Any number of" if most is None else f"{most:,}"
    return f"{count} {_spoken(name)}"


def _feature(name: str, value: bool | int | str) -> str:
    said = _spoken(name).capitalize()
    return said if value is True else f"{said}: {value}"
