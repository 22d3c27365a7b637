"""The API described for people, drawn from the OpenAPI document of the programs."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from paybill_site.document import Document
from paybill_site.kernel.openapi import MEANING

METHODS = ("get", "post", "put", "patch", "delete")
KNOCKERS = {"session": "people", "key": "programs", "agentToken": "agents"}

type Json = dict[str, Any]


@require_safe
def api_docs(request: HttpRequest, document: Document) -> HttpResponse:
    """One page, no script: operations by tag, their input, their answers."""
    context = {"title": document.content["info"]["title"], "told": _told(document)}
    return render(request, "docs/api.html", context)


@cache
def _told(document: Document) -> SafeString:
    """What the page says, the same for everybody: made once, as the document is."""
    content = document.content
    components = content.get("components", {}).get("schemas", {})
    groups: dict[str, list[Json]] = {}
    for address, item in content["paths"].items():
        for method in METHODS:
            if method in item:
                shown = _operation(address, method, item[method], components)
                groups.setdefault(shown["tag"], []).append(shown)
    info = content["info"]
    context = {
        "groups": [(tag.replace("-", " "), found) for tag, found in groups.items()],
        "info": info,
        "introduction": _prose(info.get("description", "")),
        "meaning": MEANING.items(),
    }
    return render_to_string("docs/operations.html", context)


def _operation(address: str, method: str, operation: Json, components: Json) -> Json:
    tag = (operation.get("tags") or ["api"])[0]
    answers = operation.get("responses", {})
    return {
        "tag": tag,
        "anchor": slugify(operation.get("operationId", address)),
        "method": method.upper(),
        "address": address,
        "summary": operation.get("summary") or operation.get("operationId", ""),
        "description": _prose(operation.get("description", "")),
        "who": _who(operation.get("security", [])),
        "parameters": [
            {**parameter, "type": _words(parameter.get("schema", {}))}
            for parameter in operation.get("parameters", [])
        ],
        "body": _fields(_content(operation.get("requestBody", {})), components),
        "answers": [
            {
                "status": status,
                "description": answers[status].get("description", ""),
                "fields": _fields(_content(answers[status]), components),
            }
            for status in sorted(answers)
            if status < "300"
        ],
        "refusals": [status for status in sorted(answers) if status >= "300"],
    }


def _who(security: list[Json]) -> str:
    """For whom a door is, by the ways in which they may say who they are."""
    if {} in security:
        return "everybody"
    names = [name for way in security for name in way]
    return " and ".join(KNOCKERS.get(name, name) for name in names)


def _content(holder: Json) -> Json:
    schema: Json = (
        holder.get("content", {}).get("application/json", {}).get("schema", {})
    )
    return schema


def _fields(schema: Json, components: Json) -> list[Json]:
    """The members of an object; of several shapes the first, of a page one row."""
    body = _resolved(schema, components)
    if "oneOf" in body:
        body = _resolved(body["oneOf"][0], components)
    rows = body.get("properties", {}).get("results")
    if rows:
        body = _resolved(rows.get("items", {}), components)
    required = body.get("required", [])
    return [
        {
            "name": field,
            "type": _words(_resolved(_single(value), components)),
            "required": field in required,
            "description": value.get("description", "").split("\n")[0],
        }
        for field, value in body.get("properties", {}).items()
    ]


def _resolved(schema: Json, components: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = components.get(name, schema)
    return found


def _single(schema: Json) -> Json:
    """A reference that stands alone among the parts of ``allOf``."""
    parts = schema.get("allOf", [])
    first: Json = parts[0] if len(parts) == 1 else schema
    return first


def _words(schema: Json) -> str:
    """A type in words: its choices, else its format, else its kind."""
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_words(part) for part in schema[several])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    name = schema.get("$ref", "").rpartition("/")[2]
    kind = schema.get("type", "any")
    kinds = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return str(name or schema.get("format") or schema.get("const") or kinds)


def _prose(text: str) -> SafeString:
    """Paragraphs with **strong** and `code`; everything else is shown as it is."""
    marked = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text.strip()))
    marked = re.sub(r"`(.+?)`", r"<code>\1</code>", marked)
    paragraphs = "</p><p>".join(re.split(r"\n{2,}", marked))
    return mark_safe(f"<p>{paragraphs}</p>")  # noqa: S308 - escaped above
