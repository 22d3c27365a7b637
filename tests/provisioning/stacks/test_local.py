"""This machine from nothing to nothing: bare Terraform and the real supervisor."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from django.conf import settings

from paybill_site.local import units
from paybill_site.local.places import Places
from tests.provisioning.stacks.conftest import Lay
from tests.provisioning.stacks.inputs import KINDS
from tests.provisioning.stacks.test_lifecycle import OUTPUTS, secrets_in

pytestmark = pytest.mark.slow
MADE = {"bridge": ["database"], "silo": ["server", "tenant"]}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_built_kept_and_gone(
    web: str, machine: Places, lay: Lay, kind: str
) -> None:
    laid = lay(f"local/{kind}", protection=False)
    laid.environment = {
        "PAYBILL_LOCAL": str(settings.PAYBILL_LOCAL),
        "PAYBILL_PYTHON": sys.executable,
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    laid.terraform("init")
    laid.terraform("validate")
    assert not secrets_in(json.dumps(laid.plan()))
    laid.apply()
    assert sorted(unit["kind"] for unit in standing(machine)) == MADE[kind]
    outputs = laid.outputs()
    assert set(outputs) == OUTPUTS
    assert outputs["secret_reference"].startswith("unit:")
    assert bool(outputs["service_address"]) == (kind == "silo")

    laid.terraform("plan", "-detailed-exitcode")  # 2 would say: there is more to do

    laid.handover = {}
    laid.terraform("destroy", "-auto-approve")
    assert laid.state() == []
    assert standing(machine) == []


def standing(machine: Places) -> list[dict[str, Any]]:
    """The units that the supervisor keeps."""
    found: list[dict[str, Any]] = units.ask(machine, {"verb": "list"})["units"]
    return found
