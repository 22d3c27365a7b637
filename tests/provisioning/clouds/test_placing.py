"""For which clouds something is put beside the stack, and who puts it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from provisioning.clouds import placing
from provisioning.clouds.oracle import placing as oracle
from provisioning.models import CloudAccount
from provisioning.states import Cloud
from tests.provisioning.clouds.conftest import Hold, account_of

STACKS = Path(settings.BASE_DIR) / "provisioning" / "stacks"


def test_the_table_names_the_clouds_whose_stacks_take_no_handover() -> None:
    """A stack that never looks into the handover needs somebody to put it in place."""
    for cloud in Cloud:
        silo = (STACKS / cloud / "silo").glob("*.tf")
        text = "".join(path.read_text() for path in silo)
        takes = "var.handover)" in text or "= var.handover\n" in text
        if cloud != Cloud.LOCAL:
            assert takes != (cloud in placing.MODULES), cloud


def test_the_version_that_the_container_waits_for_goes_with_it(
    hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[Mapping[str, str]] = []

    def note(run: Any, outputs: Any, handed: Mapping[str, str]) -> None:
        placed.append(handed)

    monkeypatch.setattr(oracle, "place", note)
    run = hold("oracle", "eu-frankfurt-1", method="none")
    run.inputs = {**run.inputs, "handover_version": 7}
    placing.place(run, {}, {"licence": "l"})
    assert placed == [], "a simulation is handed nothing"
    CloudAccount.objects.filter(pk=account_of(run).pk).update(simulation=False)
    run.deployment.refresh_from_db()
    placing.place(run, {}, {"licence": "l"})
    assert placed == [{"licence": "l", "version": "7"}]


def test_what_was_cleared_untried_says_so(
    hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = hold("oracle", "eu-frankfurt-1", method="none")
    assert placing.clear(run.deployment, {}) == "the destroy empties it"
    CloudAccount.objects.filter(pk=account_of(run).pk).update(simulation=False)
    run.deployment.refresh_from_db()
    monkeypatch.setattr(oracle, "clear", lambda deployment, outputs: "all gone")
    said = placing.clear(run.deployment, {})
    assert said == "all gone (this was never tried against the cloud itself)"
    monkeypatch.setattr(oracle, "clear", lambda deployment, outputs: "")
    assert placing.clear(run.deployment, {}) == ""
