"""Which functions of rating the product reaches, read off the source.

A node is a module with one of its top-level names; it leads to every name that its
body mentions. Product code outside rating is where the walk begins.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import billing

ROOT = Path(billing.__file__).parent.parent
# The doors and rooms in which something may be used; tests and adapters are none.
PRODUCT = ("billing", "tenants", "provisioning", "paybill_site", "agents")
ADAPTERS = ("billing.rating.vectors", "billing.vectors")
COMMAND = "billing.management.commands.vectors"

type Node = tuple[str, str]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the product, by its name."""
    found = (path for app in PRODUCT for path in (ROOT / app).rglob("*.py"))
    return {module_of(path): ast.parse(path.read_text()) for path in found}


def adapters() -> dict[str, ast.Module]:
    return {name: tree for name, tree in trees().items() if name.startswith(ADAPTERS)}


def imports(tree: ast.Module) -> dict[str, Node]:
    """What each imported name stands for: a module and a name in it, or ""."""
    found: dict[str, Node] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                name = alias.asname or alias.name
                module = whole in trees()
                found[name] = (whole, "") if module else (node.module, alias.name)
    return found


def mentioned(tree: ast.AST, known: dict[str, Node], here: str) -> Iterator[Node]:
    """Names that a piece of source mentions, as nodes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield known.get(node.id, (here, node.id))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = known.get(node.value.id, ("", "?"))
            if not name:
                yield module, node.attr


def defined(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Top-level names with what defines them."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.TypeAlias):
            yield node.name.id, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, node


def _graph() -> dict[Node, set[Node]]:
    graph: dict[Node, set[Node]] = {}
    for module, tree in trees().items():
        known = imports(tree)
        for name, node in defined(tree):
            graph[module, name] = set(mentioned(node, known, module))
    return graph


def reached() -> set[Node]:
    """Every node that product code outside rating leads to."""
    graph = _graph()
    roots = [
        node
        for node in graph
        if not node[0].startswith(("billing.rating", *ADAPTERS, COMMAND))
    ]
    seen, waiting = set(roots), list(roots)
    while waiting:
        for following in graph.get(waiting.pop(), ()):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return seen


def asked() -> dict[Node, set[str]]:
    """What adapters mention of rating and of the kernel, and in which module."""
    found: dict[Node, set[str]] = {}
    for module, tree in adapters().items():
        for node in mentioned(tree, imports(tree), module):
            if node[1] and node in _known() and not node[0].startswith(ADAPTERS):
                found.setdefault(node, set()).add(module)
    return found


@cache
def _known() -> frozenset[Node]:
    return frozenset(
        (module, name) for module, tree in trees().items() for name, _ in defined(tree)
    )
