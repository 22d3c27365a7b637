"""The API described for people, drawn from the OpenAPI document of the programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@require_safe
def api_docs(request: HttpRequest, patterns: list[Any]) -> HttpResponse:
    """One page, no script: operations by tag, their input, their answers."""
    generator: Any = SchemaGenerator  # publishes no types
    document: Any = generator(patterns=patterns).get_schema(public=True)
    components = document.get("components", {}).get("schemas", {})
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                shown = _operation(address, method, item[method], components)
                groups.setdefault(shown["tag"], []).append(shown)
    context = {"groups": sorted(groups.items()), "info": document["info"]}
    return render(request, "docs/api.html", context)


def _operation(
    address: str, method: str, operation: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    tag = (operation.get("tags") or ["api"])[0]
    return {
        "tag": tag,
        "anchor": slugify(operation.get("operationId", address)),
        "method": method.upper(),
        "address": address,
        "summary": operation.get("summary") or operation.get("operationId", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {**parameter, "type": _words(parameter.get("schema", {}))}
            for parameter in operation.get("parameters", [])
        ],
        "body": _fields(_content(operation.get("requestBody", {})), components),
        "answers": [
            {"status": status, "description": answer.get("description", "")}
            for status, answer in sorted(operation.get("responses", {}).items())
        ],
    }


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    kinds = holder.get("content", {})
    schema: dict[str, Any] = kinds.get("application/json", {}).get("schema", {})
    return schema


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    name = schema.get("$ref", "").rpartition("/")[2]
    body = components.get(name, schema)
    required = body.get("required", [])
    return [
        {
            "name": field,
            "type": _words(value),
            "required": field in required,
            "description": value.get("description", ""),
        }
        for field, value in body.get("properties", {}).items()
    ]


def _words(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_words(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    name = schema.get("$ref", "").rpartition("/")[2]
    return str(name or schema.get("format") or schema.get("type", "any"))
