"""What runs leave behind is kept as long as it is told, and what counts for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from paybill_site.kernel import planes
from provisioning import retention, state
from provisioning.models import Deployment, LogChunk, Run, StateOrigin, StateVersion
from provisioning.states import RunState
from tests.provisioning.conftest import Entitle, queue
from tests.provisioning.test_states import held


@pytest.fixture
def run(deployment: Deployment) -> Run:
    """A run of long ago that saved its state three times and said something."""
    run = queue(deployment)
    ended = timezone.now() - timedelta(days=400)
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLIED, ended_at=ended)
    run.refresh_from_db()
    with planes.atomic():
        for serial in (1, 2, 3):
            state.keep(run, held(serial, "a"), StateOrigin.SAVED)
        state.keep(run, held(4, "a", "b"), StateOrigin.RESCUED)
    StateVersion.objects.update(created_at=ended)
    LogChunk.objects.create(run=run, phase="apply", offset=0, text="done\n")
    return run


def serials(run: Run) -> list[int]:
    return sorted(run.state_versions.values_list("serial", flat=True))


def test_of_an_old_run_the_last_state_stays_and_what_was_rescued(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    in_force = state.current(run.deployment)
    assert retention.forget() == 3
    assert serials(run) == [3, 4]
    assert state.current(run.deployment) == in_force
    assert not run.chunks.exists()
    assert retention.forget() == 0


def test_every_run_keeps_its_own_last_state(run: Run) -> None:
    later = queue(run.deployment)
    with planes.atomic():
        state.keep(later, held(5, "a", "b"), StateOrigin.SAVED)
        state.keep(later, held(6, "a", "b"), StateOrigin.SAVED)
    retention.forget()
    assert (serials(run), serials(later)) == ([3, 4], [5, 6])


def test_what_is_younger_stays(run: Run, entitle: Entitle) -> None:
    recent = timezone.now() - timedelta(days=29)
    StateVersion.objects.update(created_at=recent)
    Run.objects.update(ended_at=timezone.now() - timedelta(days=364))
    other = queue(entitle(slug="bolt"))  # it has not ended at all
    LogChunk.objects.create(run=other, phase="plan", offset=0, text="planning\n")
    assert retention.forget() == 0
    assert serials(run) == [1, 2, 3, 4]
    assert LogChunk.objects.count() == 2
