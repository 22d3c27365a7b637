"""The stacks of four clouds from nothing to nothing, on their providers' schemas.

AWS has its real provider and a simulator of the cloud (``test_aws.py``), this machine
its supervisor (``test_local.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.clouds.addresses import of_label, of_tag
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
DATABASES = {
    "azure": "azurerm_postgresql_flexible_server.this",
    "google": "google_sql_database_instance.this",
    "oracle": "oci_psql_db_system.this",
    "ibm": "ibm_database.this",
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
    check_marks(laid)
    assert not secrets_in(*(f.read_text() for f in laid.folder.glob("*.tfstate*")))

    laid.terraform("plan", "-detailed-exitcode")  # 2 would say: there is more to do

    check_looking(laid)
    laid.give(protection=False)
    check_unprotecting(laid)
    laid.handover = {}  # nothing is handed over to what goes
    laid.terraform("destroy", "-auto-approve")
    assert laid.existing() == []
    assert laid.state() == []


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


@pytest.mark.parametrize("cloud", SIMULATED)
def test_growing_and_a_new_password_replace_no_database(lay: Lay, cloud: str) -> None:
    laid = lay(f"{cloud}/bridge")
    laid.terraform("init")
    laid.plan()
    laid.apply()
    laid.give(size="large", handover_version=2)
    changed = {
        change["address"]: change["change"]["actions"]
        for change in managed(laid.plan())
    }
    assert changed[DATABASES[cloud]] == ["update"]
    assert all("delete" not in actions for actions in changed.values())


def check_looking(laid: Laid) -> None:
    """Nothing is handed over to a look, and it finds what was built."""
    handed, laid.handover = laid.handover, {}
    assert "found no differences" in laid.terraform("plan", "-refresh-only")
    laid.handover = handed


def check_unprotecting(laid: Laid) -> None:
    """Taking the protection away changes what holds data, and replaces nothing."""
    changed = {
        change["address"]: tuple(change["change"]["actions"])
        for change in managed(laid.plan())
        if change["change"]["actions"] != ["no-op"]
    }
    assert set(changed.values()) == {("update",)}
    assert DATABASES[laid.name.split("/", maxsplit=1)[0]] in changed
    laid.apply()


def managed(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Changes of resources in a plan; data sources are read, not changed."""
    changes = plan.get("resource_changes", [])
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


def check_marks(laid: Laid) -> None:
    """All that can carry marks says of which deployment it is, and which part."""
    marked = 0
    for resource in laid.state():
        found = marks(resource["type"], resource["values"])
        if found is None:
            continue
        tagged = found.get("paybill:address")
        address = of_tag(tagged) if tagged else plain(found["paybill-address"])
        assert address == resource["address"]
        mark = found.get("paybill:deployment") or found["paybill-deployment"]
        assert mark == laid.inputs["deployment"]
        marked += 1
    assert marked


def plain(label: str) -> str:
    """Azure DNS refuses the colon in a name, and takes any value."""
    return label if "." in label else of_label(label)


def marks(kind: str, values: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Tags or labels as names and values; None for what can carry none."""
    if kind == "google_sql_database_instance":
        values = {"labels": values["settings"][0]["user_labels"]}
    names = {"google": "labels", "oci": "freeform_tags"}
    name = names.get(kind.split("_", maxsplit=1)[0], "tags")
    if name not in values:
        return None
    carried = values[name]
    if kind.startswith("ibm_"):
        return {tag.rpartition(":")[0]: tag.rpartition(":")[2] for tag in carried}
    return dict(carried or {})
