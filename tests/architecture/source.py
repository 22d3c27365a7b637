"""Where the source is, and what of it is ours."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("paybill_site", "tenants", "billing", "provisioning", "agents", "examples")
ELSEWHERE = ("tests", "benchmarks")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def product_files() -> tuple[Path, ...]:
    """Every module of the product; migrations are written by Django."""
    found = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(path for path in found if "migrations" not in path.parts)


@cache
def files_of_tests() -> tuple[Path, ...]:
    return tuple(
        path for folder in ELSEWHERE for path in sorted((ROOT / folder).rglob("*.py"))
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))
