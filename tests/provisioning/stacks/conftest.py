"""Plugins for bare Terraform: simulated ones beside those that are on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioning import stacks
from provisioning.plugins import mirrors
from tests.provisioning.stacks.inputs import HANDOVER, SIMULATED, inputs
from tests.provisioning.stacks.laying import Laid

NO_SIMULATOR = (
    "PAYBILL_TF_SIMULATOR names no folder with a mirror.py: the providers of Azure,"
    " Google, Oracle and IBM cannot be simulated here"
)

type Lay = Callable[..., Laid]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of launchers, each of which serves a provider's schema."""
    folder = Path(os.environ.get("PAYBILL_TF_SIMULATOR", "-"))
    if not (folder / "mirror.py").is_file():
        pytest.skip(NO_SIMULATOR)
    mirror = tmp_path_factory.mktemp("simulator")
    subprocess.run(
        [sys.executable, str(folder / "mirror.py"), str(mirror)],
        check=True,
        capture_output=True,
    )
    return mirror


@pytest.fixture
def lay(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Lay:
    """Lay out a stack that Terraform can be run on; skip where plugins are missing."""

    def make(name: str, **changed: Any) -> Laid:
        if name.split("/", maxsplit=1)[0] in SIMULATED:
            mirror = request.getfixturevalue("simulator")
            monkeypatch.setenv("PAYBILL_TF_MIRROR", str(mirror))
        served = mirrors.serve(needed(name))
        if served.missing:
            pytest.skip(f"no plugin on this machine for {', '.join(served.missing)}")
        config = tmp_path / "terraform.rc"
        config.write_text(served.config())
        folder = tmp_path / "stack"
        folder.mkdir()
        return Laid(name, folder, config, inputs(name, **changed), HANDOVER)

    return make


def needed(name: str) -> list[str]:
    """Full names of the providers that a stack asks for."""
    cloud, kind = name.split("/")
    return stacks.sources(stacks.admitted(stacks.find(cloud, kind).files()))
