"""The token in its file: fresh for as long as the run is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.errors import LeaseLost
from provisioning.identity import files
from provisioning.identity.files import TokenFile
from provisioning.identity.tokens import Bearer, Purpose
from provisioning.models import Deployment, Run
from tests.provisioning.clouds.conftest import (
    account_of,
    private,
)
from tests.provisioning.clouds.stub import claims_of
from tests.provisioning.conftest import wait_for


def test_the_file_is_renewed_while_the_run_is_held(
    on_web_identity: Run, tmp_path: Path
) -> None:
    run = on_web_identity
    bearer = Bearer(account_of(run), Purpose.APPLY, run.deployment, run)
    with TokenFile(tmp_path / "token", bearer, "aud") as file:
        first = file.path.read_text()
        file.write()
        second = file.path.read_text()
        assert claims_of(first, "aud")["jti"] != claims_of(second, "aud")["jti"]
        assert private(file.path)
        Deployment.objects.filter(pk=run.deployment_id).update(fence=4)
        with pytest.raises(LeaseLost):
            file.write()
    assert list(tmp_path.iterdir()) == []


def test_a_thread_renews_the_file_until_the_run_is_not_held_any_more(
    committed: None,
    on_web_identity: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "FRESH", 0.05)
    run = on_web_identity
    bearer = Bearer(account_of(run), Purpose.APPLY, run.deployment, run)
    with TokenFile(tmp_path / "token", bearer, "aud") as file:
        first = file.path.read_text()
        wait_for(lambda: file.path.read_text() != first, "a new token")
        Deployment.objects.filter(pk=run.deployment_id).update(fence=4)
        wait_for(lambda: not file.path.exists(), "the token to be taken away")
    assert list(tmp_path.iterdir()) == []
