"""The tools of a plane, derived from what the apps declare and from their actions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from django.db import models

from agents.errors import NotGrantable
from agents.models.own import OWN
from agents.tools import arguments
from agents.tools.tool import Tool
from agents.tools.verbs import Verb
from paybill_site.kernel import actions, declarations, planes, workflows
from paybill_site.kernel.actions import AnyAction, Input
from paybill_site.kernel.declarations import Declaration, Extent, extent
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.workflows import AnyWorkflow, By

__all__ = [
    "Tool",
    "Verb",
    "grantable",
    "guards",
    "model_of",
    "models_here",
    "tools_here",
    "tools_of",
]


def tools_here() -> dict[str, Tool]:
    """Every tool of the plane that is entered, by name, in the order of names."""
    return tools_of(planes.here().schema)


def tools_of(schema: str) -> dict[str, Tool]:
    """Every tool of the plane in this schema; all tenants' planes have the same."""
    labels = planes.plane_labels(schema)
    registries = (declarations.registry, actions.registry, workflows.registry)
    return _tools(labels, *(tuple(registry.values()) for registry in registries))


@lru_cache(maxsize=8)
def _tools(labels: frozenset[str], *_registered: tuple[type, ...]) -> dict[str, Tool]:
    """Made once per kind of plane; what is registered later renews it."""
    made: dict[str, Tool] = {}
    for tool in (*_reading(labels), *_acting(labels)):
        if tool.name in made:
            raise ValueError(f"two tools are called {tool.name}")
        made[tool.name] = tool
    return dict(sorted(made.items()))


def grantable() -> frozenset[str]:
    """The permissions that agents of this plane can be given: those of its tools."""
    tools = tools_here().values()
    needed = {tool.permission for tool in tools} | {
        permission for tool in tools for permission in guards(tool)
    }
    return frozenset(needed - OWN)


def models_here() -> frozenset[type[models.Model]]:
    """The models that tools of this plane act on."""
    return frozenset(tool.model for tool in tools_here().values())


def model_of(permission: str) -> type[models.Model]:
    """The model whose rows a grantable permission is about.

    Raises NotGrantable, also for one that guards a field: it is held on every row.
    """
    for tool in tools_here().values():
        if tool.permission == permission:
            return tool.model
    raise NotGrantable


def guards(tool: Tool) -> dict[str, list[str]]:
    """Permission -> fields (``part.field``) of the tool's rows that need it besides."""
    found: dict[str, list[str]] = {}
    if tool.tools is None:
        return found
    declared = tool.tools.declared
    named = [*declared.guarded.items()]
    if not tool.reads:
        named += declared.guarded_writes.items()
    for name, permission in named:
        found.setdefault(permission, []).append(name)
    return found


def _reading(labels: frozenset[str]) -> Iterator[Tool]:
    for model, declared in declarations.registry.items():
        if model._meta.app_label not in labels:
            continue
        tools = extent(declared)
        one, many = _names(model)
        takes: dict[Verb, tuple[str, type[Input], str]] = {
            Verb.LIST: (many, arguments.of_list(tools), f"List {many}, page by page."),
            Verb.GET: (one, arguments.of_get(model), f"Get one {one} by its id."),
            Verb.COUNT: (many, arguments.of_count(tools), f"Count {many}."),
        }
        for name in declared.verbs:
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
    opened = {flow.start: flow for flow in workflows.registry.values()}
    for action in actions.registry.values():
        if action.model._meta.app_label not in labels or not _is_offered(action):
            continue
        flows = _flows(action)
        yield Tool(
            name=re.sub(r"(?<!^)(?=[A-Z])", "_", action.__name__).lower(),
            verb=Verb.ACT,
            description=action.description(),
            model=action.model,
            permission=action.permission,
            arguments=_arguments(action, flows),
            tools=_updated(action),
            action=action,
            states=tuple(opened[action].states) if action in opened else (),
            step=bool(flows),
        )


def _is_offered(action: AnyAction) -> bool:
    """An action that opts in; a step of workflows, where an agent may take it."""
    flows = _flows(action)
    if not flows:
        return action.agents
    steps = [step for flow in flows for step in flow.steps if step.action is action]
    return any(By.AGENT in step.by for step in steps)


def _flows(action: AnyAction) -> list[AnyWorkflow]:
    names = workflows.bound.get(action, ())
    return [workflows.registry[name] for name in sorted(names)]


def _arguments(action: AnyAction, flows: list[AnyWorkflow]) -> type[Input]:
    if not flows:
        return arguments.of_action(action)
    of_subject = {flow.model is action.model or action.creates for flow in flows}
    if len(of_subject) > 1:
        raise ValueError(f"{action.name}: workflows find its target in different ways")
    return arguments.of_step(action, action.Input, target=not of_subject.pop())


def _updated(action: AnyAction) -> Extent | None:
    """The declaration from whose writable fields the action was made."""
    declared: Declaration | None = declarations.registry.get(action.model)
    if declared is None or not hasattr(action, "writable"):
        return None
    return extent(declared)


def _names(model: type[models.Model]) -> tuple[str, str]:
    return str(model._meta.verbose_name), str(model._meta.verbose_name_plural)
