"""The whole catalogue as one file: YAML that people review, read with its places.

Numbers with a point stay text on the way, so nothing is lost of ``0.0025``. What goes
wrong is told by line, column and path. Aliases are refused (a small file would grow
without end), and so is a key that is there twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic import model_validator as validator

from billing.catalogue.errors import CatalogueInvalid
from billing.catalogue.terms import PlanInput
from paybill_site.kernel.actions import Input

LONGEST, DEEPEST, NAMED = 1_000_000, 24, 20
FORMAT = "paybill catalogue 1"

type Path = tuple[str | int, ...]


class Catalogue(Input):
    """All plans that are sold, or will be; each by its code, once."""

    format: Literal["paybill catalogue 1"]
    plans: list[PlanInput] = Field(max_length=1000)

    @validator(mode="after")
    def each_once(self) -> Catalogue:
        codes = [plan.code for plan in self.plans]
        for number, code in enumerate(codes):
            if code in codes[:number]:
                raise ValueError(f"plans.{number}: {code} is there twice")
        return self


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and where: lines and columns are counted from 1."""

    line: int
    column: int
    path: str
    problem: str

    def told(self, name: str) -> str:
        """``plans.yaml:12:9: plans.1.prices.0: say either a card or phases``."""
        where = f"{name}:{self.line}:{self.column}"
        return ": ".join(filter(None, (where, self.path, self.problem)))


@dataclass(slots=True)
class _Reading:
    """Where each value was written."""

    places: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def near(self, path: Path) -> tuple[int, int]:
        """The place of a path, else of what it is in."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def read(text: str) -> Catalogue:
    """The catalogue of a file. Raises CatalogueInvalid, with every mistake found."""
    return _read(text, Catalogue)


def read_plan(text: str) -> PlanInput:
    """One plan alone, as it stands in the file. Raises CatalogueInvalid."""
    return _read(text, PlanInput)


def _read[M: Input](text: str, model: type[M]) -> M:
    if len(text) > LONGEST:
        raise _wrong([Mistake(1, 1, "", f"longer than {LONGEST:,} characters")])
    reading = _Reading()
    try:
        _shallow(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = _value(node, (), reading) if node else None
    except yaml.MarkedYAMLError as error:
        raise _wrong([_unreadable(error)]) from error
    except yaml.YAMLError as error:
        raise _wrong([Mistake(1, 1, "", "this is no YAML text")]) from error
    try:
        return model.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _wrong([_mistake(each, values, reading) for each in found]) from error


def _wrong(mistakes: list[Mistake]) -> CatalogueInvalid:
    told = "; ".join(each.told("line") for each in mistakes[:3])
    more = f"; and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
    listed = [
        {"line": m.line, "column": m.column, "path": m.path, "problem": m.problem}
        for m in mistakes[:NAMED]
    ]
    return CatalogueInvalid(f"the file does not fit: {told}{more}", errors=listed)


def _shallow(text: str) -> None:
    """Refuse what would grow or go down without end, before it is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _marked("write it out; aliases are not read here", event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _marked("nested too deeply", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _marked(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)


def _unreadable(error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Mistake(line, column, "", str(error.problem or "this is no YAML text"))


def _value(node: yaml.Node, path: Path, reading: _Reading) -> Any:
    reading.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, reading)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*path, number), reading)
            for number, item in enumerate(node.value)
        ]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, reading: _Reading) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _marked("a key is a word", key)
        if key.value in found:
            raise _marked(f"{key.value} is there twice", key)
        found[key.value] = _value(value, (*path, key.value), reading)
        # People look for the key, not for what stands behind it.
        reading.places[*path, key.value] = (
            key.start_mark.line + 1,
            key.start_mark.column + 1,
        )
    return found


def _scalar(node: Any) -> Any:
    text, kind = str(node.value), str(node.tag).rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if kind == "int" and text.lstrip("-").isdecimal() and len(text) < 20:
        return int(text)
    return text


def _mistake(error: Any, values: Any, reading: _Reading) -> Mistake:
    path = _walked(error["loc"], values)
    if error["type"] == "missing":
        path = (*path, error["loc"][-1])
    problem = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        path, problem = _deeper(path, problem, reading)
    line, column = reading.near(path)
    return Mistake(line, column, ".".join(map(str, path)), problem)


def _walked(loc: Path, values: Any) -> Path:
    """The path in the file: without the names that only the schema has."""
    path: list[str | int] = []
    for step in loc:
        inside = isinstance(values, dict) and step in values
        inside = inside or (
            isinstance(values, list) and isinstance(step, int) and step < len(values)
        )
        if inside:
            values = values[step]
            path.append(step)
    return tuple(path)


def _deeper(path: Path, problem: str, reading: _Reading) -> tuple[Path, str]:
    """Checks name the place within a plan at the beginning of their words."""
    place, colon, words = problem.partition(": ")
    steps = tuple(int(s) if s.isdecimal() else s for s in place.split("."))
    if colon and (*path, *steps) in reading.places:
        return (*path, *steps), words
    return path, problem
