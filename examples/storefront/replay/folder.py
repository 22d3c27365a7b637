"""A data folder: the starting state, and tasks with what is expected of them.

``db.json`` holds the tables users, products and orders, ``gold.json`` the tasks: calls
in order, those that write with a verdict, and the rows that differ afterwards, in full.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLES = ("users", "products", "orders")
VERDICTS = ("accepted", "refused")


class BadFolder(Exception):
    """The folder does not hold what a replay needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a task. ``verdict`` is "" for a call that only reads."""

    number: int
    tool: str
    arguments: Mapping[str, Any]
    verdict: str = ""

    @property
    def writes(self) -> bool:
        return bool(self.verdict)


@dataclass(frozen=True, slots=True)
class Task:
    """Calls by one customer's assistant, from the starting state."""

    name: str
    calls: tuple[Call, ...]
    changed: Mapping[str, Mapping[str, Any]]
    customer: str = ""

    @property
    def writes(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.writes)


@dataclass(frozen=True, slots=True)
class Folder:
    """What was read: tables by name and key, and the tasks."""

    tables: Mapping[str, Mapping[str, Any]]
    tasks: tuple[Task, ...] = field(repr=False)


def read(path: Path) -> Folder:
    """Read a folder whole. Raises BadFolder."""
    if not path.is_dir():
        raise BadFolder(f"{path} is no folder")
    tables = _json(path / "db.json")
    if not isinstance(tables, dict):
        raise BadFolder(f"{path / 'db.json'}: the tables are missing")
    for name in TABLES:
        if not isinstance(tables.get(name), dict):
            raise BadFolder(f"{path / 'db.json'}: there is no table {name}")
    tasks = _json(path / "gold.json")
    if not isinstance(tasks, list) or not tasks:
        raise BadFolder(f"{path / 'gold.json'}: there are no tasks")
    return Folder(tables, tuple(_tasks(tasks, path / "gold.json")))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadFolder(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise BadFolder(f"{path} is no JSON: {error}") from error


def _tasks(tasks: list[Any], path: Path) -> Iterator[Task]:
    for number, task in enumerate(tasks):
        try:
            yield _task(number, task)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadFolder(f"{path}: task {number} is no task: {error!r}") from error


def _task(number: int, task: Mapping[str, Any]) -> Task:
    changed = task.get("changed_rows") or {}
    unknown = set(changed) - set(TABLES)
    if unknown:
        raise ValueError(f"rows of {sorted(unknown)}")
    calls = tuple(_call(n, call) for n, call in enumerate(task["calls"]))
    known = (task.get(key) for key in ("customer", "user_id", "user"))
    customer = next((str(one) for one in known if isinstance(one, str) and one), "")
    return Task(str(task.get("task", number)), calls, changed, customer)


def _call(number: int, call: Mapping[str, Any]) -> Call:
    verdict = str(call.get("verdict") or "")
    if verdict and verdict not in VERDICTS:
        raise ValueError(f"the verdict {verdict}")
    if call.get("write") and not verdict:
        raise ValueError("a call that writes has no verdict")
    if not isinstance(call.get("arguments", {}), dict):
        raise TypeError("arguments have names")
    return Call(number, str(call["tool"]), call.get("arguments", {}), verdict)
