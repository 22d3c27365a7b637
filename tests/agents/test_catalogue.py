"""The derived tools: what they are called, take and promise, and who sees them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import Permission

from agents.tools.catalogue import Tool, grantable, tools_here
from agents.tools.offer import tools_for
from examples.storefront.models import Order, Product
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.declarations import ModelTools
from paybill_site.kernel.planes import Place, plane
from tests.agents.conftest import CANCEL, READ, Enter, Grant

SNAPSHOT = Path(__file__).parent / "snapshots" / "tenant_tools.json"


def every_tool(place: Place) -> list[Tool]:
    with plane(place):
        return list(tools_here().values())


def test_the_tools_are_those_of_the_snapshot(tenant_a: Place) -> None:
    """``PAYBILL_SNAPSHOT=1`` writes it anew; look at the difference it makes."""
    described = [tool.described() for tool in every_tool(tenant_a)]
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("PAYBILL_SNAPSHOT"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()


def test_every_schema_is_json_schema_2020_12_with_an_object_at_its_root(
    tenant_a: Place,
) -> None:
    for tool in every_tool(tenant_a):
        for name in ("inputSchema", "outputSchema"):
            schema = tool.described()[name]
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"


def test_no_tool_shows_a_primary_key_or_a_column_that_was_not_declared(
    tenant_a: Place,
) -> None:
    for tool in every_tool(tenant_a):
        text = json.dumps(tool.described())
        assert '"pk"' not in text
        assert "digest" not in text


def test_every_permission_of_a_tool_exists(in_a: Place) -> None:
    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list(
            "content_type__app_label", "codename"
        )
    }
    assert grantable() <= known


def test_nothing_of_the_agents_or_the_kernel_can_be_granted(in_a: Place) -> None:
    assert not [p for p in grantable() if p.startswith(("agents.", "kernel.", "auth."))]


def test_an_agent_is_offered_what_it_may_use(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    reading = ["count_orders", "get_order", "list_orders"]
    assert [tool.name for tool in tools_for(enter())] == reading
    grant(CANCEL, orders[0])
    assert [tool.name for tool in tools_for(enter())] == ["cancel_order", *reading]
    assert [tool.name for tool in tools_for(enter(READ))] == reading
    assert tools_for(enter(CANCEL)) == []


def test_the_control_plane_has_none_of_a_tenants_tools(control: Place) -> None:
    assert not [name for name in tools_here() if name.endswith("_orders")]


def test_nobody_without_a_grant_is_offered_anything(in_a: Place) -> None:
    nobody = Actor(kind=Kind.AGENT, id="agt_x", principal=0, scopes=grantable())
    assert tools_for(nobody) == []


@pytest.mark.parametrize(
    "body",
    [
        {"fields": ("name",), "filters": ("description",)},
        {"fields": ("name",), "ordering": ("created_at",)},
        {"fields": ("name",), "search": ("description",)},
        {"fields": ("name",), "filters": ("name__regex",)},
        {"fields": ("name",), "filters": ("name__product__gt",)},
    ],
)
def test_a_declaration_that_would_leak_is_a_mistake(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Leaky"):
        type("Leaky", (ModelTools,), {"model": Product, **body})
