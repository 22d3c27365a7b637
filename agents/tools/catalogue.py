"""The tools of a plane, derived from what the apps declare and from their actions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.db import models

from agents.errors import NotGrantable
from agents.tools import arguments
from paybill_site.kernel import actions, declarations, planes
from paybill_site.kernel.actions import AnyAction, Danger, Input
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.declarations import Declaration, id_names, part_model
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.schemas import DIALECT, input_schema, model_schema


class Verb(StrEnum):
    LIST = "list"
    GET = "get"
    COUNT = "count"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: how it is called, what it takes, and what it needs.

    ``tools`` is the declaration behind a tool that reads, ``action`` the verb behind
    one that acts.
    """

    name: str
    verb: Verb
    description: str
    model: type[models.Model]
    permission: str
    arguments: type[Input]
    tools: Declaration | None = None
    action: AnyAction | None = None

    @property
    def reads(self) -> bool:
        return self.verb is not Verb.ACT

    @property
    def label(self) -> str:
        """How the audit names a call: ``storefront.list_orders``."""
        return f"{self.model._meta.app_label}.{self.name}"

    def described(self) -> dict[str, Any]:
        """What an agent is told, in the words of the Model Context Protocol."""
        return dict(_described(self))

    def annotations(self) -> dict[str, bool]:
        """Hints that follow from the code. What acts may send events beyond Paybill."""
        danger = self.action.danger if self.action else Danger.SAFE
        return {
            "readOnlyHint": self.reads,
            "destructiveHint": danger is not Danger.SAFE,
            "idempotentHint": self.reads,
            "openWorldHint": not self.reads,
        }

    def digest(self) -> str:
        """SHA-256 of the description, to say on record which schema was in force."""
        return _digest(self)


@cache
def _described(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "title": tool.name.replace("_", " ").capitalize(),
        "description": tool.description,
        "inputSchema": _as_object(input_schema(tool.arguments)),
        "outputSchema": {"$schema": DIALECT, **_output(tool)},
        "annotations": tool.annotations(),
    }


@cache
def _digest(tool: Tool) -> str:
    return digest_of(_described(tool))


def tools_here() -> dict[str, Tool]:
    """Every tool of the plane that is entered, by name, in the order of names."""
    labels = planes.plane_labels(planes.here().schema)
    return _tools(labels, len(declarations.registry), len(actions.registry))


@cache
def _tools(labels: frozenset[str], *_registered: int) -> dict[str, Tool]:
    """Made once per kind of plane; the counts renew it while apps still register."""
    made: dict[str, Tool] = {}
    for tool in (*_reading(labels), *_acting(labels)):
        if tool.name in made:
            raise ValueError(f"two tools are called {tool.name}")
        made[tool.name] = tool
    return dict(sorted(made.items()))


def grantable() -> frozenset[str]:
    """The permissions that agents of this plane can be given: those of its tools."""
    return frozenset(tool.permission for tool in tools_here().values())


def models_here() -> frozenset[type[models.Model]]:
    """The models that tools of this plane act on."""
    return frozenset(tool.model for tool in tools_here().values())


def model_of(permission: str) -> type[models.Model]:
    """The model whose rows a grantable permission is about. Raises NotGrantable."""
    for tool in tools_here().values():
        if tool.permission == permission:
            return tool.model
    raise NotGrantable


def _reading(labels: frozenset[str]) -> Iterator[Tool]:
    for model, tools in declarations.registry.items():
        if model._meta.app_label not in labels:
            continue
        one, many = _names(model)
        takes: dict[Verb, tuple[str, type[Input], str]] = {
            Verb.LIST: (many, arguments.of_list(tools), f"List {many}, page by page."),
            Verb.GET: (one, arguments.of_get(model), f"Get one {one} by its id."),
            Verb.COUNT: (many, arguments.of_count(tools), f"Count {many}."),
        }
        for name in tools.verbs:
            verb = Verb(name)
            noun, takes_in, says = takes[verb]
            yield Tool(
                name=f"{verb}_{noun}".replace(" ", "_"),
                verb=verb,
                description=says,
                model=model,
                permission=view_permission(model),
                arguments=takes_in,
                tools=tools,
            )


def _acting(labels: frozenset[str]) -> Iterator[Tool]:
    for action in actions.registry.values():
        if not action.agents or action.model._meta.app_label not in labels:
            continue
        yield Tool(
            name=re.sub(r"(?<!^)(?=[A-Z])", "_", action.__name__).lower(),
            verb=Verb.ACT,
            description=action.description(),
            model=action.model,
            permission=action.permission,
            arguments=arguments.of_action(action),
            action=action,
        )


def _names(model: type[models.Model]) -> tuple[str, str]:
    return str(model._meta.verbose_name), str(model._meta.verbose_name_plural)


def _as_object(schema: dict[str, Any]) -> dict[str, Any]:
    """Without pydantic's titles, which only repeat the names."""
    properties = {
        name: {key: said for key, said in about.items() if key != "title"}
        for name, about in schema.get("properties", {}).items()
    }
    kept = {key: said for key, said in schema.items() if key != "title"}
    return {**kept, "type": "object", "properties": properties}


def _output(tool: Tool) -> dict[str, Any]:
    if tool.tools is None:
        return _object({"id": {"type": "string"}}, closed=False)
    if tool.verb is Verb.COUNT:
        # Beyond COUNTED rows an exact figure costs more than it tells.
        return _object({"count": {"type": "integer"}, "more": {"type": "boolean"}})
    if tool.verb is Verb.LIST:
        rows = {"type": "array", "items": _row(tool.model, tool.tools.fields)}
        return _object({"rows": rows, "next": {"type": ["string", "null"]}})
    shown = _row(tool.model, tool.tools.fields)
    for accessor, fields in tool.tools.parts.items():
        items = _row(part_model(tool.model, accessor), fields)
        shown["properties"][accessor] = {"type": "array", "items": items}
        shown["required"].append(accessor)
    return shown


def _row(model: type[models.Model], fields: tuple[str, ...]) -> dict[str, Any]:
    schema = model_schema(model, fields)
    if id_names(model):
        schema["properties"] = {"id": {"type": "string"}, **schema["properties"]}
        schema["required"] = ["id", *schema["required"]]
    return schema


def _object(properties: dict[str, Any], *, closed: bool = True) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": not closed,
    }
