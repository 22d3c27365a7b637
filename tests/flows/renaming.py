"""A workflow of the control plane, which has none of its own, for the doors of runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest

from billing.actions import RenameMeter
from billing.models import Meter
from paybill_site.kernel import actions, workflows
from paybill_site.kernel.workflows import By, Step, Workflow


class Renaming(Workflow):
    """Call a meter otherwise, with a run that says who did."""

    model = Meter
    states: ClassVar = {"asked": {"done"}, "done": set()}
    within = timedelta(hours=1)
    steps = (
        Step(
            "rename", RenameMeter, at=("asked",), to="done", by=frozenset({By.PERSON})
        ),
    )


def _withdraw() -> None:
    actions.registry.pop(Renaming.start.name)
    workflows.registry.pop(Renaming.name)
    workflows.bound.pop(RenameMeter)


_withdraw()


@pytest.fixture
def renaming() -> Iterator[None]:
    """The workflow is declared, while a test runs."""
    actions.registry[Renaming.start.name] = Renaming.start
    workflows.registry[Renaming.name] = Renaming
    workflows.bound[RenameMeter] = {Renaming.name}
    yield
    _withdraw()
