"""What programs outside depend on changes only on purpose.

After a change that is meant: PAYBILL_UPDATE_SNAPSHOTS=1 pytest tests/architecture
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from paybill_site.api import control_api, tenant_api
from paybill_site.kernel.actions import registry
from paybill_site.kernel.schemas import input_schema

KEPT = Path(__file__).parent / "snapshots"


def assert_as_published(name: str, found: Any) -> None:
    text = json.dumps(found, indent=1, sort_keys=True, default=str) + "\n"
    kept = KEPT / name
    if os.environ.get("PAYBILL_UPDATE_SNAPSHOTS") == "1":
        kept.write_text(text)
    assert kept.read_text() == text, f"{name} is other than before: see the module"


@pytest.mark.parametrize(
    ("name", "routes"),
    [("openapi.json", control_api), ("openapi_tenant.json", tenant_api)],
)
def test_the_rest_doors_are_as_published(name: str, routes: Any) -> None:
    generator: Any = SchemaGenerator
    judge: Any = validate_schema
    documented = [path("api/", include(routes))]
    with GENERATOR_STATS.silence():
        schema = generator(patterns=documented).get_schema(request=None, public=True)
    assert not GENERATOR_STATS, "something about a door could not be found out"
    assert schema["openapi"].startswith("3.1")
    judge(schema)
    assert_as_published(name, schema)


def test_the_inputs_of_actions_are_as_published() -> None:
    inputs = {
        action.name: {
            "permission": action.permission,
            "danger": action.danger.value,
            "agents": action.agents,
            "input": input_schema(action.Input),
        }
        for action in registry.values()
        if not action.__module__.startswith("tests")
    }
    assert_as_published("actions.json", inputs)
