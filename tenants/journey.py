"""The steps from a draft to a live tenant, as the progress page names them.

Each room that takes part registers a source; the page asks all of them, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenants.models import Tenant


class StepState(StrEnum):
    DONE = "done"
    ACTIVE = "active"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One named step. ``action_*``: what the customer can do about it, if anything."""

    name: str
    state: StepState | str
    started: datetime | None = None
    finished: datetime | None = None
    detail: str = ""
    action_label: str = ""
    action_url: str = ""
    run_id: str = ""


type Source = Callable[[Tenant], list[Step]]
_sources: list[tuple[int, str, Source]] = []


def step_source(order: int) -> Callable[[Source], Source]:
    """Register a function that gives a tenant's steps; billing 10, runs 20, here 30."""

    def note(function: Source) -> Source:
        _sources.append((order, f"{function.__module__}.{function.__name__}", function))
        _sources.sort(key=lambda entry: entry[:2])
        return function

    return note


def steps(tenant: Tenant) -> list[Step]:
    """All steps of a tenant, in order."""
    return [step for _, _, source in _sources for step in source(tenant)]
