"""Bindings: an agent's arguments that were decided before it asked.

``fixed``: the value is filled in, and the caller can not say it: the argument is not in
the schema that it gets, so sending it is refused as an argument that does not exist,
the right value too. ``listed``, ``at_most`` and ``at_least`` narrow what may be said,
in a list each element. Several bindings of one argument all hold. What is left out
counts with its default, and has to fit as well; what an update leaves out stays as it
is, and fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from typing import Any

from agents.errors import NotGranted
from agents.limits import terms
from agents.limits.terms import Bound
from agents.states import BindingKind
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid

__all__ = ["Bound", "allows", "check", "fill", "fixed", "of"]


def of(actor: Actor) -> Mapping[str, tuple[Bound, ...]]:
    """The bindings of the actor and its roles, by name of the tool. One query."""
    return terms.of(actor).bounds


def fixed(bounds: Sequence[Bound]) -> frozenset[str]:
    """Names of the arguments that are decided: absent from the schema."""
    return frozenset(b.argument for b in bounds if b.kind is BindingKind.FIXED)


def fill(
    bounds: Sequence[Bound], arguments: Mapping[str, Any], *, known: bool = False
) -> dict[str, Any]:
    """The arguments with the fixed ones filled in.

    Raises Invalid (rule ``schema``) for one that the caller said itself, unless it is
    ``known``: a stored call is repeated with the arguments that it had, which then
    have to be the fixed ones. Raises NotGranted (rule ``binding:<argument>``) where
    there is no value, or two different ones.
    """
    filled = dict(arguments)
    for bound in bounds:
        if bound.kind is not BindingKind.FIXED:
            continue
        name = bound.argument
        if name in arguments and not known:
            raise _unknown(name)
        if bound.unsaid or not _same(filled.get(name, bound.value), bound.value):
            raise _refused(name)
        filled[name] = bound.value
    return filled


def check(
    bounds: Sequence[Bound],
    arguments: Mapping[str, Any],
    kept: Set[str] = frozenset(),
) -> None:
    """Raise NotGranted (rule ``binding:<argument>``) for what no binding allows.

    ``arguments`` are the parsed ones as JSON values, with their defaults; ``kept``
    those that change nothing where they are left out.
    """
    for bound in bounds:
        if bound.argument in kept and bound.argument not in arguments:
            continue
        if not allows(bound, arguments.get(bound.argument)):
            raise _refused(bound.argument)


def allows(bound: Bound, value: Any) -> bool:
    """Whether a value fits; a list fits when it is not empty and each element does."""
    if bound.unsaid:
        return False
    if bound.kind is BindingKind.FIXED:
        return _same(value, bound.value)
    if isinstance(value, list | tuple):
        return bool(value) and all(_fits(bound, item) for item in value)
    return _fits(bound, value)


def _fits(bound: Bound, value: Any) -> bool:
    if bound.kind is BindingKind.LISTED:
        return isinstance(bound.value, list) and any(
            _same(value, one) for one in bound.value
        )
    number, edge = _number(value), _number(bound.value)
    if number is None or edge is None:
        return False
    return number <= edge if bound.kind is BindingKind.AT_MOST else number >= edge


def _same(value: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, which Python would say."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    if isinstance(value, tuple):
        value = list(value)
    return bool(value == other)


def _number(value: Any) -> Decimal | None:
    """A number, or a decimal number written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _unknown(name: str) -> Invalid:
    """In the words in which an argument is refused that no schema has."""
    problem = "Extra inputs are not permitted"
    errors = [{"field": name, "problem": problem, "rule": "extra_forbidden"}]
    detail = f"the input does not fit: {name}: {problem}"
    return Invalid(detail, rule="schema", errors=errors)


def _refused(name: str) -> NotGranted:
    detail = f"the agent may not use this value of the argument {name}"
    return NotGranted(detail, rule=f"binding:{name}")
