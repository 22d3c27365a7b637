"""The OpenAPI document says of every door who may knock, and what may come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator

from paybill_site.api import control_api
from paybill_site.kernel.actions import AnyAction, registry
from paybill_site.kernel.admin import operators
from tenants.hooks import catalogue

# They have ids of their own, or are asked by the agents' protocol.
WITHOUT_KEY = {"usage_events_create", "agent_call"}
FOR_AGENTS = {"agent_tools", "agent_call", "agent_waiting"}
EVERYWHERE = {"401", "403", "404", "422", "429"}
NO_PATH = {"billing.move_clock": "the time machine of an evaluation"}


@pytest.fixture(scope="module")
def document() -> Any:
    generator: Any = SchemaGenerator  # publishes no types
    patterns = [path("api/", include(control_api))]
    return generator(patterns=patterns).get_schema(public=True)


def operations(document: Any, *methods: str) -> Iterator[tuple[str, Any]]:
    for item in document["paths"].values():
        for method in methods or ("get", "post"):
            if method in item:
                yield item[method]["operationId"], item[method]


def names(operation: Any) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def knockers(operation: Any) -> set[str]:
    """Names of the schemes; "" where everybody may."""
    return {next(iter(scheme), "") for scheme in operation["security"]}


def test_every_door_says_who_may_knock(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {"session", "key", "agentToken"} <= schemes.keys()
    wrong = {
        name: knockers(operation)
        for name, operation in operations(document)
        if name not in FOR_AGENTS and not knockers(operation) >= {"key", "session"}
    }
    assert wrong == {}


def test_every_door_says_how_it_refuses(document: Any) -> None:
    wrong = {}
    for name, operation in operations(document):
        said = operation["responses"]
        wanted = EVERYWHERE | ({"409"} if "requestBody" in operation else set())
        plain = {
            status
            for status in wanted & said.keys()
            if "application/problem+json" not in said[status]["content"]
        }
        if wanted - said.keys() or plain:
            wrong[name] = sorted((wanted - said.keys()) | plain)
    assert wrong == {}


def test_every_action_takes_an_idempotency_key(document: Any) -> None:
    wrong = [
        name
        for name, operation in operations(document, "post")
        if name not in WITHOUT_KEY and "Idempotency-Key" not in names(operation)
    ]
    assert wrong == []


def test_every_list_is_bounded_and_says_how_it_is_ordered(document: Any) -> None:
    lists = [
        (name, operation)
        for name, operation in operations(document, "get")
        if name.endswith("_list")
    ]
    assert len(lists) > 30
    wrong = [
        name
        for name, operation in lists
        if not {"cursor", "page_size", "order"} <= names(operation)
    ]
    assert wrong == []


def offered() -> Iterator[AnyAction]:
    """What operators press or customers use: the verbs of the administration."""
    for shown in operators.classes.values():
        yield from shown.verbs
        if shown.creator is not None:
            yield shown.creator


def test_whatever_operators_press_has_an_address(document: Any) -> None:
    doors = {name for name, _ in operations(document, "post")}
    verbs = {verb.name for verb in offered() if registry[verb.name] is verb}
    ours = {name for name in verbs if name.startswith(("billing.", "tenants."))}
    without = {name for name in ours if name.replace(".", "_") not in doors}
    assert without == NO_PATH.keys()


def test_two_kinds_of_things_never_have_one_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    generator: Any = SchemaGenerator
    patterns = [path("api/", include(control_api))]
    generator(patterns=patterns).get_schema(public=True)
    said = capsys.readouterr().err
    assert "identical names" not in said, said
    assert "ENUM_NAME_OVERRIDES" not in said, said


def test_every_type_of_events_is_named_in_the_notes(settings: Any) -> None:
    notes = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
    without = [
        name
        for name in catalogue.types
        if not all(part in notes for part in name.split("."))
    ]
    assert without == []
    for one in catalogue.types.values():
        assert one.description
        data = one.schema["properties"]["data"]
        assert data["additionalProperties"] is False
        assert "account" in data["required"]
