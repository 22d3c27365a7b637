"""Resources: the schemas of the tools and of the rows that an agent may meet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agents.mcp import calling
from agents.mcp.errors import INVALID_PARAMS, ProtocolError, UnknownResource
from agents.mcp.registry import Described
from agents.tools import offer
from agents.tools.catalogue import Tool
from agents.tools.verbs import Verb
from paybill_site.kernel.actors import Actor

TOOLS, MODELS = "paybill://schemas/tools/", "paybill://schemas/models/"
KIND = "application/schema+json"
TEMPLATES: list[Described] = [
    {
        "uriTemplate": TOOLS + "{tool}",
        "name": "tool-schema",
        "title": "Schemas of a tool",
        "description": "What a tool takes and gives, as you may use it.",
        "mimeType": KIND,
    },
    {
        "uriTemplate": MODELS + "{model}",
        "name": "model-schema",
        "title": "Schema of a kind of rows",
        "description": "The fields of a row, as you may read them.",
        "mimeType": KIND,
    },
]


def resources(actor: Actor) -> Sequence[Described]:
    """What this agent can read."""
    return [
        {
            "uri": uri,
            "name": uri.rpartition("/")[2],
            "description": says,
            "mimeType": KIND,
        }
        for uri, (says, _) in _schemas(actor).items()
    ]


def read(actor: Actor, uri: str) -> Described:
    """One of them, with its content. Raises UnknownResource."""
    found = _schemas(actor).get(uri)
    if found is None:
        raise UnknownResource(uri)
    return {"uri": uri, "mimeType": KIND, "text": json.dumps(found[1])}


def complete(actor: Actor, ref: Described, begun: str) -> Sequence[str]:
    """Names that a template can be filled with. Raises ProtocolError."""
    prefixes = {str(one["uriTemplate"]): one for one in TEMPLATES}
    if ref.get("type") == "ref/prompt":
        return []
    template = prefixes.get(str(ref.get("uri")))
    if template is None:
        raise ProtocolError(INVALID_PARAMS, "there is no such template")
    prefix = str(template["uriTemplate"]).partition("{")[0]
    names = (
        uri.removeprefix(prefix) for uri in _schemas(actor) if uri.startswith(prefix)
    )
    return sorted(name for name in names if name.startswith(begun))


def _schemas(actor: Actor) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """By URI: what it is about, and the schema."""
    offered = offer.tools_for(actor)
    found = {TOOLS + tool.name: (tool.description, _of(tool)) for tool in offered}
    for tool in offered:
        if tool.verb is Verb.GET:
            name = str(tool.model._meta.verbose_name)
            schema = tool.described()["outputSchema"]
            found[MODELS + tool.model._meta.label_lower] = (f"A row: {name}.", schema)
    return found


def _of(tool: Tool) -> dict[str, Any]:
    told = calling.described(tool)
    return {"inputSchema": told["inputSchema"], "outputSchema": told["outputSchema"]}
