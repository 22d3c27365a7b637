"""An independent judge of answers, and questions to tools that read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from agents.tools.catalogue import Tool, Verb


def judged(tool: Tool, result: Any) -> list[str]:
    """What an independent judge finds wrong with an answer."""
    judge = jsonschema.Draft202012Validator(
        tool.described()["outputSchema"],
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    return [error.message for error in judge.iter_errors(result)]


def asked(tool: Tool) -> Iterator[dict[str, Any]]:
    """Questions to a tool that reads: of every row, where it gets one."""
    if tool.verb is not Verb.GET:
        yield {}
        return
    found: Any = tool.model._default_manager.all()
    ids = [row.public_id for row in found[:20]]
    assert ids, f"there is no {tool.model._meta.verbose_name} to get"
    for public_id in ids:
        yield {"id": public_id}
