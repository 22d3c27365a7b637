"""A tool: how it is called, what it takes and gives, what it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import models

from agents.limits.terms import Bound
from agents.states import BindingKind
from agents.tools import arguments, describing, hints, narrowing
from agents.tools.verbs import Verb
from paybill_site.kernel import updates
from paybill_site.kernel.actions import AnyAction, Input
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.declarations import Extent, extent

# Descriptions that are kept: agents with the same narrowing share one.
KEPT = 4096


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool, as it was declared or as one agent meets it.

    ``tools`` is the declaration behind a tool that reads or updates, ``action`` the
    verb behind one that acts. ``states`` is set for one that opens a run: those of its
    workflow. ``step``: it is a step, and the argument ``run`` names the run. ``hidden``
    are fields that the agent may not read or write, ``bounds`` what is decided of its
    arguments; ``origin`` is the tool without these bounds.
    """

    name: str
    verb: Verb
    description: str
    model: type[models.Model]
    permission: str
    arguments: type[Input]
    tools: Extent | None = None
    action: AnyAction | None = None
    states: tuple[str, ...] = ()
    step: bool = False
    hidden: frozenset[str] = frozenset()
    bounds: tuple[Bound, ...] = ()
    origin: Tool | None = None

    @property
    def reads(self) -> bool:
        return self.verb is not Verb.ACT

    @property
    def label(self) -> str:
        """How the audit names a call: ``storefront.list_orders``."""
        return f"{self.model._meta.app_label}.{self.name}"

    def described(self) -> dict[str, Any]:
        """What an agent is told, in the words of the Model Context Protocol."""
        return dict(_described(self.origin or self, _said(self.bounds)))

    def annotations(self) -> dict[str, bool]:
        """Hints that follow from the code (``hints``)."""
        return hints.of(self.action)

    def digest(self) -> str:
        """SHA-256 of the description, to say on record which schema was in force."""
        return _digest(self.origin or self, _said(self.bounds))

    def seen(self, hidden: frozenset[str], bounds: tuple[Bound, ...]) -> Tool:
        """The tool for an agent to whom these fields do not exist, so bound."""
        tool = _without(self, hidden) if hidden else self
        return replace(tool, bounds=bounds, origin=tool) if bounds else tool


@lru_cache(maxsize=KEPT)
def _without(tool: Tool, hidden: frozenset[str]) -> Tool:
    tools = tool.tools and extent(tool.tools.declared, hidden)
    taken = arguments.narrowed(tool.verb, tool.arguments, tool.action, tools)
    return replace(tool, hidden=hidden, tools=tools, arguments=taken)


def _said(bounds: tuple[Bound, ...]) -> str:
    """The bounds as far as a schema shows them: of what is fixed, only that it is."""
    shown = [
        [b.argument, b.kind, None if b.kind is BindingKind.FIXED else b.value, b.unsaid]
        for b in bounds
    ]
    return json.dumps(shown) if shown else ""


@lru_cache(maxsize=KEPT)
def _described(tool: Tool, bounds: str) -> Mapping[str, Any]:
    taken = describing.input_of(tool.arguments, tool.action)
    return {
        "name": tool.name,
        "title": tool.name.replace("_", " ").capitalize(),
        "description": tool.description,
        "inputSchema": narrowing.narrowed(
            taken, json.loads(bounds or "[]"), updates.kept(tool.arguments)
        ),
        "outputSchema": describing.output_of(
            tool.verb, tool.tools, tool.action, tool.states
        ),
        "annotations": tool.annotations(),
    }


@lru_cache(maxsize=KEPT)
def _digest(tool: Tool, bounds: str) -> str:
    return digest_of(_described(tool, bounds))
