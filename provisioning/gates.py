"""What stands between a plan and its apply: policies, cost, a person's approval."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from provisioning.models import Run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates say of a plan.

    ``refused``: why it may not be applied at all; ``reasons``: why a person has to
    approve it; both empty: it may be applied.
    """

    policies: list[dict[str, Any]] = field(default_factory=list)
    cost: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def judge(run: Run, plan: dict[str, Any]) -> Verdict:
    """Judge the plan of a run, in the form of ``terraform show -json``."""
    reasons = ["whoever asked wants it confirmed"] if run.needs_confirmation else []
    return Verdict(reasons=reasons)


def check_approval(run: Run) -> None:
    """Raise PaybillError unless what is needed to apply this very plan is there."""
