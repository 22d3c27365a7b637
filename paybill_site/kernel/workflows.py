"""Workflows, said in an app's ``workflows.py``: a state machine over actions.

    class CancelOrder(Workflow):
        model = Order
        states = {"open": {"cancelled"}, "cancelled": set()}
        steps = (
            Step("cancel", actions.CancelOrder, at=("open",), to="cancelled",
                 guards=(is_pending,)),
        )

An action that is a step of some workflow is bound to it: agents cannot call it outside
its step. How runs are kept and steps are taken is the business of ``agents.workflows``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.db import models

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of


class By(StrEnum):
    """Who may take a step."""

    AGENT = "agent"
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a guard decides on: the rows as they are locked, the input, who asks.

    ``subject`` is the row of the run, ``target`` that of the action (often the same),
    ``data`` the action's parsed input, ``passed`` what earlier steps of the run gave.
    """

    subject: Any
    target: Any
    data: Any
    actor: Actor
    passed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on the rows; ``rule`` is the code of the refusal, ``says`` why."""

    rule: str
    says: str
    holds: Callable[[Moment], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One action in its place.

    ``at``: the states in which it may be taken; ``to``: the state after it;
    ``approval`` says why a person has to agree, or "" when nobody has to; ``within``:
    how long the run may then stay in ``to`` before it is undone; ``undo`` compensates
    the step, its input made from the step's stored output.
    """

    name: str
    action: AnyAction
    at: tuple[str, ...]
    to: str
    by: frozenset[By] = frozenset({By.AGENT, By.PERSON})
    guards: tuple[Guard, ...] = ()
    approval: Callable[[Moment], str] | None = None
    within: timedelta | None = None
    undo: AnyAction | None = None
    undo_input: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None


class Workflow:
    """A declared state machine over actions on one row, its subject.

    ``states`` maps each state to those that may follow, the first one is where a run
    begins; ``guards`` are asked at the start; ``within`` is how long a run may take.
    """

    model: ClassVar[type[models.Model]]
    states: ClassVar[Mapping[str, Set[str]]]
    steps: ClassVar[tuple[Step, ...]]
    guards: ClassVar[tuple[Guard, ...]] = ()
    within: ClassVar[timedelta | None] = None
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.name = f"{cls.model._meta.app_label}.{snake}"
        _check(cls)
        registry[cls.name] = cls
        for step in cls.steps:
            bound.setdefault(step.action, set()).add(cls.name)

    @classmethod
    def initial(cls) -> str:
        return next(iter(cls.states))

    @classmethod
    def is_final(cls, state: str) -> bool:
        return not cls.states[state]

    @classmethod
    def step(cls, name: str) -> Step:
        """The step of this name. Raises KeyError."""
        return {step.name: step for step in cls.steps}[name]

    @classmethod
    def description(cls) -> str:
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def version(cls) -> str:
        """Digest of the declaration; guards are named by their rules."""
        said = [
            [
                s.name,
                s.action.name,
                s.at,
                s.to,
                sorted(s.by),
                [g.rule for g in s.guards],
            ]
            for s in cls.steps
        ]
        return digest_of(
            [cls.name, {k: sorted(v) for k, v in cls.states.items()}, said]
        )


type AnyWorkflow = type[Workflow]
registry: dict[str, AnyWorkflow] = {}
# The names of the workflows of which an action is a step.
bound: dict[AnyAction, set[str]] = {}


def _check(workflow: AnyWorkflow) -> None:
    """Raise ValueError where a declaration could not be carried out."""
    known = workflow.states.keys()
    for step in workflow.steps:
        for at in step.at:
            if at not in known or step.to not in workflow.states[at] | {at}:
                raise ValueError(f"{workflow.name}: {step.name} from {at}")
    names = [step.name for step in workflow.steps]
    if len(set(names)) != len(names):
        raise ValueError(f"{workflow.name}: two steps have one name")
