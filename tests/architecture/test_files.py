"""The house stays walkable: small files, plain names, layers, no hidden channels."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import (
    ELSEWHERE,
    ROOMS,
    ROOT,
    files_of_tests,
    name,
    product_files,
    tree,
)

# In paybill_site/local the noun is meant: the services (PostgreSQL, Redis) it starts.
FORBIDDEN = {"services", "utils", "helpers", "managers", "signals", "common", "core"}
TEXT = {".py", ".md", ".html", ".toml", ".sh", ".css", ".js", ".tf", ".txt", ".json"}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{name(path)}:{node.name}", length


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)]


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    long = {name(p): lines(p) for p in product_files() if lines(p) > 400}
    long |= {name(p): lines(p) for p in files_of_tests() if lines(p) > 600}
    assert long == {}


def test_most_files_are_short() -> None:
    sizes = [count for p in product_files() if (count := lines(p))]
    assert statistics.median(sizes) <= 100
    assert percentile(sizes, 0.9) <= 220


def test_functions_are_short() -> None:
    sizes = dict(f for path in product_files() for f in functions(path))
    assert {n: size for n, size in sizes.items() if size > 60} == {}
    assert statistics.median(sizes.values()) <= 9
    assert percentile(list(sizes.values()), 0.9) <= 27


def test_no_file_is_named_after_what_has_no_name() -> None:
    wrong = [
        name(path)
        for path in product_files()
        if {path.stem, *path.relative_to(ROOT).parts} & FORBIDDEN
        and not name(path).startswith("paybill_site/local/")
    ]
    assert wrong == []


def test_the_layers_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# Who may hold the bare connection: the module that wraps it and the engine below it;
# the place where aliases come and go.
BARE = re.compile(r"django\.db\.(connections?|transaction)$")
MAY_BE_BARE = {
    "paybill_site/kernel/planes.py": "wraps it for everybody else",
    "paybill_site/kernel/postgres/aliases.py": "makes and forgets aliases",
    "paybill_site/kernel/migrating.py": "migrates as the provisioner's log-in",
    "paybill_site/kernel/management/commands/migrate_planes.py": "closes them",
    "paybill_site/local/management/commands/up.py": "closes them before it forks",
    "provisioning/identity/files.py": "closes those of its thread",
    "provisioning/databases/lease.py": "closes those of its thread",
    "provisioning/runner/lease.py": "closes those of its thread",
}


def test_the_bare_connection_has_one_keeper() -> None:
    users = {name(p) for p in product_files() for i in imports(p) if BARE.match(i)}
    assert users <= MAY_BE_BARE.keys()


# Signals of libraries that offer nothing else; never a model's.
MAY_HEAR_SIGNALS = {"paybill_site/kernel/apps.py": "takes a listener of others away"}


def test_no_model_signal_is_heard() -> None:
    users = {
        name(path)
        for path in product_files()
        for imported in imports(path)
        if imported.startswith(("django.db.models.signals", "django.dispatch"))
    }
    assert users - {"paybill_site/accounts/apps.py"} <= MAY_HEAR_SIGNALS.keys()


def test_models_import_no_actions_and_doors_not_each_other() -> None:
    doors = {"admin", "api", "views"}
    wrong = []
    for path in product_files():
        room = path.stem if path.stem != "__init__" else path.parent.name
        for imported in imports(path):
            parts = imported.split(".")
            if parts[0] not in ROOMS or "kernel" in parts:
                continue
            if room == "models" and "actions" in parts:
                wrong.append((name(path), imported))
            if room in doors and (doors - {room}) & set(parts[1:2]):
                wrong.append((name(path), imported))
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name(path)
        for path in product_files()
        if path.read_text().strip() and ast.get_docstring(tree(path)) is None
    ]
    assert silent == []


def texts() -> Iterator[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    for line in tracked.stdout.splitlines():
        path = ROOT / line
        if path.suffix in TEXT and path.is_file():
            yield path


def test_nothing_depends_on_one_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|home|root)/|\.\./shared|/tmp/brief")
    vendored = ("paybill_site/static/", "requirements.lock")
    found = [
        f"{name(path)}:{number}"
        for path in texts()
        if path != Path(__file__) and not name(path).startswith(vendored)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if machine.search(line)
    ]
    assert found == []


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--hash=sha256:" in lock


def test_every_dependency_has_its_reason_beside_it() -> None:
    source = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(source)
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    for requirement in asked:
        (line,) = [row for row in source.splitlines() if f'"{requirement}"' in row]
        assert len(line.partition(" # ")[2]) > 8, requirement


def test_the_readme_is_short() -> None:
    assert lines(ROOT / "README.md") <= 120
    for note in (ROOT / "docs").glob("*.md"):
        assert lines(note) <= 160, note.name


@pytest.mark.parametrize("folder", ELSEWHERE)
def test_tests_are_stories_with_names(folder: str) -> None:
    wrong = [
        entry
        for path in files_of_tests()
        if path.is_relative_to(ROOT / folder)
        for entry, size in functions(path)
        if entry.endswith((":test_it_works", ":test_basic")) or size > 60
    ]
    assert wrong == []
