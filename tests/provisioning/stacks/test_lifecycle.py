"""The stacks of four clouds from nothing to nothing, on their providers' schemas.

AWS has its real provider and a simulator of the cloud (``test_aws.py``), this machine
its supervisor (``test_silo.py``, ``test_bridge.py``).
"""

from __future__ import annotations

import json

import pytest

from tests.provisioning.stacks.conftest import Lay
from tests.provisioning.stacks.inputs import HANDOVER, KINDS, SIMULATED
from tests.provisioning.stacks.laying import Laid

pytestmark = pytest.mark.slow

OUTPUTS = {
    "database_host",
    "database_port",
    "database_name",
    "secret_reference",
    "service_address",
    "storage",
}
every = pytest.mark.parametrize(
    "name", [f"{cloud}/{kind}" for cloud in SIMULATED for kind in KINDS]
)


@every
def test_it_is_built_kept_unprotected_and_gone(lay: Lay, name: str) -> None:
    laid = lay(name)
    laid.terraform("init")
    laid.terraform("validate")

    plan = laid.plan()
    assert {change["change"]["actions"][0] for change in managed(plan)} == {"create"}
    assert not secrets_in(json.dumps(plan))
    laid.apply()
    assert len(laid.existing()) == len(laid.state())
    check_outputs(laid)
    assert not secrets_in(*(f.read_text() for f in laid.folder.glob("*.tfstate*")))

    laid.terraform("plan", "-detailed-exitcode")  # 2 would say: there is more to do

    laid.give(protection=False)
    before = len(laid.existing())
    laid.terraform("apply", "-auto-approve")
    assert len(laid.existing()) == before
    laid.handover = {}  # nothing is handed over to what goes
    laid.terraform("destroy", "-auto-approve")
    assert laid.existing() == []
    assert laid.state() == []


@every
def test_what_holds_data_is_protected_until_it_is_not(lay: Lay, name: str) -> None:
    """Unprotecting touches what is there; it replaces nothing."""
    laid = lay(name)
    laid.terraform("init")
    laid.plan()
    laid.apply()
    laid.give(protection=False)
    changes = [change["change"]["actions"] for change in managed(laid.plan())]
    assert ["update"] in changes or name in UNPROTECTABLE, changes
    assert {tuple(actions) for actions in changes} <= {("update",), ("no-op",)}


# Clouds that know no protection of a database: what stands in its place is in the stack.
UNPROTECTABLE: set[str] = set()


@every
@pytest.mark.parametrize("size", ["medium", "large"])
def test_other_sizes_can_be_planned(lay: Lay, name: str, size: str) -> None:
    laid = lay(name, size=size)
    laid.terraform("init")
    assert managed(laid.plan())


@every
def test_a_new_generation_stands_beside_the_old_one(lay: Lay, name: str) -> None:
    """No name of the first is asked for again: the simulator refuses a second one."""
    laid = lay(name)
    laid.terraform("init")
    laid.plan()
    laid.apply()
    first = len(laid.existing())
    (laid.folder / "terraform.tfstate").rename(laid.folder / "first")
    laid.give(generation=2, domain="acme2.tenants.example")
    laid.plan()
    laid.apply()
    assert len(laid.existing()) == 2 * first


def managed(plan: dict[str, object]) -> list[dict[str, dict[str, list[str]]]]:
    """Changes of resources in a plan; data sources are read, not changed."""
    changes = plan.get("resource_changes", [])
    assert isinstance(changes, list)
    return [change for change in changes if change["mode"] == "managed"]


def secrets_in(*texts: str) -> list[str]:
    """Which values of the handover are in these texts."""
    return [value for value in HANDOVER.values() for text in texts if value in text]


def check_outputs(laid: Laid) -> None:
    """A place for data; for a silo an address as well."""
    outputs = laid.outputs()
    assert set(outputs) == OUTPUTS
    assert outputs["database_host"]
    assert 1 <= outputs["database_port"] <= 65535
    assert outputs["database_name"]
    assert outputs["secret_reference"]
    silo = laid.name.endswith("/silo")
    assert bool(outputs["storage"]) == silo
    assert outputs["service_address"].startswith("https://" if silo else "")
