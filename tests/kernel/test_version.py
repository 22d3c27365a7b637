"""The version of a plane is one for all processes: it is compared between them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from paybill_site.local.environment import rehearsal, tenant_rehearsal

SAY = """
import django; django.setup()
from paybill_site.kernel import schema
print(schema.version())
"""


def version(seed: str, **environment: str) -> str:
    """What a process of its own says, with another order of sets."""
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env={
            **os.environ,
            **environment,
            "PYTHONHASHSEED": seed,
            "DJANGO_SETTINGS_MODULE": "paybill_site.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_a_silo_and_the_control_plane_agree_on_it() -> None:
    found = {
        version("1", **rehearsal()),
        version("2", **rehearsal()),
        version("3", **tenant_rehearsal()),
    }
    assert len(found) == 1
    assert len(found.pop()) == 16
