"""The derived tools: what they are called, take and promise, and who sees them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import Permission

from agents.models import Agent, Binding
from agents.tools.catalogue import Tool, grantable, tools_here
from agents.tools.offer import tools_for
from examples.storefront.models import Order, Product
from paybill_site.kernel import declarations
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.declarations import ModelTools
from paybill_site.kernel.planes import Place, plane
from tests.agents.conftest import CANCEL, READ, Enter, Grant

SNAPSHOTS = Path(__file__).parent / "snapshots"
# What every agent is offered: to look after its own runs and approvals.
OWN_TOOLS = [
    "cancel_workflow_run",
    "get_approval",
    "get_workflow_run",
    "list_approvals",
    "list_workflow_runs",
    "withdraw_approval",
]


def every_tool(place: Place) -> list[Tool]:
    with plane(place):
        return list(tools_here().values())


def compare(name: str, tools: list[Tool]) -> None:
    """``PAYBILL_SNAPSHOT=1`` writes it anew; look at the difference it makes."""
    described = [tool.described() for tool in tools]
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("PAYBILL_SNAPSHOT"):
        SNAPSHOTS.mkdir(exist_ok=True)
        (SNAPSHOTS / name).write_text(text)
    assert text == (SNAPSHOTS / name).read_text()


def test_the_tools_of_a_tenant_are_those_of_the_snapshot(tenant_a: Place) -> None:
    compare("tenant_tools.json", every_tool(tenant_a))


def test_the_tools_of_the_control_plane_are_those_of_the_snapshot(
    control: Place,
) -> None:
    compare("control_tools.json", every_tool(control))


def test_a_restricted_agent_has_the_tools_of_its_snapshot(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    grant(CANCEL, orders[0])
    for argument, kind, value in (
        ("customer", "fixed", {"session": "customer"}),
        ("state__in", "listed", ["pending", "processed"]),
        ("total_minor__lte", "at_most", 10_000),
    ):
        Binding.objects.create(
            agent=Agent.objects.get(name="Helper"),
            tool="list_orders",
            argument=argument,
            kind=kind,
            value=value,
        )
    compare("restricted_tools.json", tools_for(enter()))


def test_names_stand_in_their_order_and_are_words_of_the_protocol(
    tenant_a: Place,
) -> None:
    names = [tool.name for tool in every_tool(tenant_a)]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", name) for name in names)


def test_no_schema_refers_to_anything_outside_or_is_deep(tenant_a: Place) -> None:
    for tool in every_tool(tenant_a):
        for name in ("inputSchema", "outputSchema"):
            schema = tool.described()[name]
            references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema)))
            assert all(ref.startswith("#/$defs/") for ref in references), tool.name
            assert _depth(schema) <= 12, tool.name


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, inner), default=0)


def test_numbers_are_within_64_bits_and_money_names_its_currency(
    tenant_a: Place, control: Place
) -> None:
    for place in (tenant_a, control):
        for tool in every_tool(place):
            for name, about in _fields(tool.described()):
                if about.get("type") == "integer" and "const" not in about:
                    assert about.get("minimum", 0) >= -(2**63), (tool.name, name)
                    assert about.get("maximum", 0) <= 2**63 - 1, (tool.name, name)
                if name.endswith("_minor"):
                    words = json.dumps(about)
                    assert "minor units" in words, (tool.name, name)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Every named property of a schema, however deep."""
    if isinstance(value, dict):
        yield from value.get("properties", {}).items()
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _fields(inner)


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
    assert _offered(enter()) == reading
    grant(CANCEL, orders[0])
    assert _offered(enter()) == ["cancel_order", *reading]
    assert _offered(enter(READ)) == reading
    assert _offered(enter(CANCEL)) == []


def _offered(actor: Actor) -> list[str]:
    """The tools for which the agent needs a grant."""
    names = [tool.name for tool in tools_for(actor)]
    assert set(OWN_TOOLS) <= set(names)
    return [name for name in names if name not in OWN_TOOLS]


def test_the_control_plane_has_none_of_a_tenants_tools(control: Place) -> None:
    assert not [name for name in tools_here() if name.endswith("_orders")]


def test_nobody_without_a_grant_is_offered_anything(in_a: Place) -> None:
    nobody = Actor(kind=Kind.AGENT, id="agt_x", principal=0, scopes=grantable())
    assert _offered(nobody) == []


@pytest.mark.parametrize(
    "body",
    [
        {"fields": ("name",), "filters": ("description",)},
        {"fields": ("name",), "ordering": ("created_at",)},
        {"fields": ("name",), "search": ("description",)},
        {"fields": ("name",), "filters": ("name__regex",)},
        {"fields": ("name",), "filters": ("name__product__gt",)},
        {"fields": ("name",), "writable": ("description",)},
        {"fields": ("name",), "guarded": {"description": "storefront.view_order"}},
    ],
)
def test_a_declaration_that_would_leak_is_a_mistake(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Leaky"):
        type("Leaky", (ModelTools,), {"model": Product, **body})


@pytest.mark.parametrize(
    "body",
    [
        {"fields": ("total_minor",)},  # of what currency?
        {"fields": ("customer",), "ordering": ("customer",)},
        {"fields": ("customer",), "filters": ("customer__gte",)},
        {"fields": ("state",), "writable": ("state",)},
        {"fields": ("customer",), "writable": ("customer",)},
    ],
)
def test_a_declaration_that_could_not_be_kept_is_a_mistake(
    body: dict[str, Any],
) -> None:
    before = declarations.registry[Order]
    with pytest.raises(ValueError, match="Loose"):
        type("Loose", (ModelTools,), {"model": Order, **body})
    assert declarations.registry[Order] is before
