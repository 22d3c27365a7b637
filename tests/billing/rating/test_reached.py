"""Adapters answer by what bills, and compute nothing themselves."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any

import pytest

from tests.billing.rating import reach

# Functions that answer published cases and that nothing else calls yet. Only ever
# shorter: whoever bills by one of them takes it off.
NOT_YET = {
    # Words for intervals ("quarterly"), which the catalogue spells out.
    "billing.rating.durations.named",
}

ARITHMETIC = {
    "abs",
    "divmod",
    "fsum",
    "max",
    "min",
    "pow",
    "prod",
    "quantize",
    "round",
    "sum",
    "total_seconds",
    "timetuple",
    "weekday",
}
# Building a date or a length of time from others than what was written.
CALENDAR = {"relativedelta", "monthrange", "combine", "fromordinal", "toordinal"}
# Which of two days comes first is a rule, too.
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
# What reads a number; given text that was put together here, it would compute.
NUMBERS = {"int", "number", "Decimal", "Fraction", "float"}
# Reading ``immediately`` and seconds as lengths of time is converting.
READERS = {"maybe_seconds", "length"}


def code(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node but those that say types."""
    types = {id(part) for node in ast.walk(tree) for part in _typing(node)}
    return (node for node in ast.walk(tree) if id(node) not in types)


def _typing(node: ast.AST) -> list[ast.AST]:
    said = [getattr(node, field, None) for field in ("annotation", "returns")]
    if isinstance(node, ast.TypeAlias):
        said.append(node.value)
    return [part for found in said if found is not None for part in ast.walk(found)]


ADAPTERS = sorted(set(reach.adapters()) - {"billing.rating.vectors.cases"})


@pytest.mark.parametrize("module", ADAPTERS)
def test_adapters_rename_and_convert_only(module: str) -> None:
    tree = reach.adapters()[module]
    readers = {
        id(part)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in READERS
        for part in ast.walk(node)
    }
    found = [
        f"{module}:{getattr(node, 'lineno', '?')}: {what}"
        for node in code(tree)
        if (what := _computes(node)) and id(node) not in readers
    ]
    assert found == []


def _computes(node: ast.AST) -> str:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return type(node.op).__name__
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "USub"
    if isinstance(node, ast.Compare) and any(isinstance(o, ORDER) for o in node.ops):
        return "Compare"
    if isinstance(node, ast.Call) and _name(node.func) in NUMBERS and _spliced(node):
        return "a number put together as text"
    name = _name(node)
    if name in ARITHMETIC | CALENDAR | {"timedelta"}:
        return str(name)
    return ""


def _name(node: ast.AST) -> Any:
    return getattr(node, "attr", None) or getattr(node, "id", None)


def _spliced(call: ast.Call) -> bool:
    """Whether text is put together in what is given."""
    given = [part for argument in call.args for part in ast.walk(argument)]
    return any(isinstance(part, ast.JoinedStr) for part in given)


def test_every_function_that_answers_is_one_that_bills() -> None:
    reached = reach.reached()
    alone = {".".join(node) for node in reach.asked() if node not in reached}
    assert alone == NOT_YET


def test_what_adapters_call_is_known_here() -> None:
    """The walk sees something: a list that is empty for want of looking is no proof."""
    asked = {".".join(node) for node in reach.asked()}
    assert "billing.rating.tiers.Graduated" in asked
    assert "billing.rating.anchors.next_on_day" in asked
    assert "paybill_site.kernel.webhooks.verify" in asked
    assert len(asked) > 50
    assert not any(name.rpartition(".")[2] in dir(builtins) for name in asked)
