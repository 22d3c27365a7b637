"""Workflows, said in an app's ``workflows.py``: a state machine over actions.

    class CancelOrder(Workflow):
        model = Order
        states = {"open": {"cancelled"}, "cancelled": set()}
        steps = (
            Step("cancel", actions.CancelOrder, at=("open",), to="cancelled",
                 guards=(is_pending,)),
        )

An action that is a step of some workflow is bound to it: agents cannot call it outside
its step. Each workflow gives one more action, ``start_<workflow>`` on its subject,
which opens a run. How runs are kept and steps are taken is the business of
``agents.workflows``, which says with ``begins`` how a run is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.db import models

from paybill_site.kernel.actions import Action, AnyAction, NoInput
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
    the step, its input made from the step's stored output. ``belongs`` tells
    of subject and target whether a target of another model is the run's business
    (without it: it points to the subject).
    ``take``: the system takes the step by itself as soon as it may be taken, with the
    input that this makes of what earlier steps gave.
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
    belongs: Callable[[Any, Any], bool] | None = None
    take: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None


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
    start: ClassVar[AnyAction]

    def __init_subclass__(cls) -> None:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.name = f"{cls.model._meta.app_label}.{snake}"
        _check(cls)
        registry[cls.name] = cls
        for step in cls.steps:
            bound.setdefault(step.action, set()).add(cls.name)
        cls.start = _starting(cls)

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
    def firsts(cls) -> tuple[Step, ...]:
        """The steps that may be taken in the state in which a run begins."""
        return tuple(step for step in cls.steps if cls.initial() in step.at)

    @classmethod
    def version(cls) -> str:
        """Digest of the declaration.

        Its functions are named by their places: whoever changes what one of them says
        gives it another name, or ends the open runs.
        """
        steps = [_said(step) for step in cls.steps]
        states = {state: sorted(after) for state, after in cls.states.items()}
        rules = [_asked(guard) for guard in cls.guards]
        return digest_of([cls.name, states, steps, rules, str(cls.within)])


def _said(step: Step) -> list[Any]:
    return [
        step.name,
        step.action.name,
        step.at,
        step.to,
        sorted(step.by),
        [_asked(guard) for guard in step.guards],
        str(step.within),
        step.undo.name if step.undo else "",
        *map(_place, (step.approval, step.undo_input, step.belongs, step.take)),
    ]


def _asked(guard: Guard) -> list[str]:
    return [guard.rule, _place(guard.holds)]


def _place(function: Callable[..., Any] | None) -> str:
    """Where a function stands: its module and qualified name."""
    if function is None:
        return ""
    named = getattr(function, "func", function)  # of functools.partial
    return f"{named.__module__}.{getattr(named, '__qualname__', type(named).__name__)}"


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
    if not workflow.firsts():
        raise ValueError(f"{workflow.name}: no step begins it")


type Beginner = Callable[[AnyWorkflow, Any, Actor], Any]
_beginners: list[Beginner] = []


def begins(function: Beginner) -> Beginner:
    """Register how a run of a workflow on a subject is opened, inside an action."""
    _beginners.append(function)
    return function


def _starting(workflow: AnyWorkflow) -> AnyAction:
    """The action that opens a run; needs what the workflow's first step needs."""

    def run(self: Any, target: Any, data: NoInput, *, actor: Actor) -> Any:
        (begin,) = _beginners
        return begin(workflow, target, actor)

    said = workflow.description()
    first = workflow.firsts()[0]
    members = {
        "__doc__": f"Start: {said[:1].lower()}{said[1:]}",
        "__module__": workflow.__module__,
        "model": workflow.model,
        "permission": first.action.permission,
        "agents": any(By.AGENT in step.by for step in workflow.steps),
        "overwrites": frozenset[str](),
        "run": run,
    }
    return type(f"Start{workflow.__name__}", (Action,), members)
