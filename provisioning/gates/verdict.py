"""What the gates say, in a form that is stored, shown and audited."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

type Level = Literal["refuse", "approve", "note"]
WORST: tuple[Level, ...] = ("refuse", "approve", "note")


class Finding(BaseModel):
    """What one policy says of one resource; without an address, of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(default="", max_length=500)
    level: Level
    says: str = Field(min_length=1, max_length=500)


class Verdict(BaseModel):
    """What the gates say of a plan.

    ``refused``: why it may not be applied at all; ``reasons``: why a person has to
    approve it; both empty: it may be applied. ``shown``: the masked plan as people
    read it; ``basis``: what the plan was made and judged on, and goes stale with.
    """

    model_config = ConfigDict(frozen=True)

    policies: list[dict[str, Any]] = Field(default_factory=list)
    cost: dict[str, Any] = Field(default_factory=dict)
    refused: list[str] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)
    shown: list[dict[str, Any]] = Field(default_factory=list)
    basis: dict[str, Any] = Field(default_factory=dict)
