"""Numbers that other engines publish, answered by ours.

``PAYBILL_SHARED`` names the folder with ``data/billing/cases.json``.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from billing import rating
from billing.rating.dates import billed_days
from billing.rating.vectors import cases
from billing.rating.vectors.cases import ANSWERS, ELSEWHERE, Case, UnknownModel

SHARED = os.environ.get("PAYBILL_SHARED", "")
FILE = Path(SHARED) / "data" / "billing" / "cases.json"
PUBLISHED = cases.read(FILE) if SHARED and FILE.exists() else []
RATED = [case for case in PUBLISHED if case.kind not in ELSEWHERE]
ADAPTERS = Path(rating.__file__).parent / "vectors"

needs_cases = pytest.mark.skipif(
    not PUBLISHED, reason="PAYBILL_SHARED names no folder with data/billing/cases.json"
)


@needs_cases
@pytest.mark.parametrize(("kind", "model"), sorted(ANSWERS))
def test_every_published_number_comes_out(kind: str, model: str) -> None:
    mine = [case for case in RATED if (case.kind, case.model) == (kind, model)]
    found = {case.source: wrong for case in mine if (wrong := cases.wrong(case))}
    assert found == {}


@needs_cases
def test_every_published_kind_has_an_answer() -> None:
    asked = Counter((case.kind, case.model) for case in RATED)
    assert set(asked) <= set(ANSWERS)


@needs_cases
def test_days_that_are_billed_follow_from_the_dates() -> None:
    fees = [case for case in RATED if case.model == "lago_subscription_fee"]
    for case in fees:
        first, last = (
            case.given[name] and date.fromisoformat(case.given[name])
            for name in ("from_date", "to_date")
        )
        days = billed_days(first, last, int(case.given.get("trial_days", 0)))
        assert days == case.given["billable_days"]


def test_an_unknown_model_is_no_pass() -> None:
    with pytest.raises(UnknownModel, match="graduated by magic"):
        cases.wrong(Case("", "graduated", {"model": "magic"}, {"amount": "1"}))


def test_a_number_that_differs_is_named() -> None:
    given = {"model": "per_unit", "unit_amount": "0.10", "quantity": "150"}
    assert cases.wrong(Case("", "per_unit", given, {"amount": "15.00"})) == []
    assert cases.wrong(Case("", "per_unit", given, {"amount": "15.01"})) == [
        "amount: 15 and not 15.01"
    ]
    assert cases.wrong(Case("", "per_unit", given, {"fee": "15"})) == [
        "fee: None and not 15"
    ]


@pytest.mark.parametrize("name", ["amounts", "calendar", "prices", "reading"])
def test_adapters_rename_and_convert_only(name: str) -> None:
    tree = ast.parse((ADAPTERS / f"{name}.py").read_text())
    annotations = {id(part) for node in ast.walk(tree) for part in _typing(node)}
    arithmetic = [
        f"line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and id(node) not in annotations
    ]
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert arithmetic == []
    assert not called & {"round", "divmod", "abs", "timedelta", "pow", "min", "max"}


def _typing(node: ast.AST) -> list[ast.AST]:
    """Parts of a node that are types, where ``|`` is no arithmetic."""
    types = [getattr(node, field, None) for field in ("annotation", "returns")]
    if isinstance(node, ast.TypeAlias):
        types.append(node.value)
    return [part for found in types if found is not None for part in ast.walk(found)]
