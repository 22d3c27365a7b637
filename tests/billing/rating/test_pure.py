"""Rating stands by itself: no framework, no database, no clock, no floats."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from billing import rating

FILES = sorted(Path(rating.__file__).parent.rglob("*.py"))
ALLOWED = {"billing", "pydantic", *sys.stdlib_module_names}


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_rating_imports_itself_and_little_else() -> None:
    for path in FILES:
        names = imported(ast.parse(path.read_text()))
        assert {name.split(".")[0] for name in names} <= ALLOWED, path.name
        ours = {name for name in names if name.split(".")[0] == "billing"}
        assert all(name.startswith("billing.rating") for name in ours), path.name


def test_nobody_in_rating_looks_at_a_clock_or_uses_a_float() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today"} or (
                    isinstance(node.value, ast.Name) and node.value.id == "proration"
                ), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Name):
                assert node.id != "float", f"{path.name}:{node.lineno}"
