"""What programs and people are told about the API: of each plane its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from paybill_site.kernel.planes import Place
from tests.cast import browser

HOSTS = ("localhost", "ta.localhost")


def document(client: Client) -> dict[str, Any]:
    answer = client.get("/api/schema?format=json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_the_page_tells_of_every_operation_of_the_document(
    control: Place, host: str
) -> None:
    client = browser(host)
    page = client.get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<script" not in text
    for address in document(client)["paths"]:
        assert address in text, address
    # What is called after another part, or leads to one, finds that one alone.
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    named = re.findall(r' (?:href="#|aria-labelledby=")([^"]+)"', text)
    assert set(named) <= set(ids)


@pytest.mark.parametrize("host", HOSTS)
def test_every_schema_of_the_document_is_json_schema(control: Place, host: str) -> None:
    found = document(browser(host))
    assert found["openapi"].startswith("3.1")
    schemas = found["components"]["schemas"]
    assert schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("host", HOSTS)
def test_every_reference_of_the_document_leads_somewhere(
    control: Place, host: str
) -> None:
    found = document(browser(host))
    names = {name for name in references(found) if name.startswith("#/")}
    assert names
    for name in names:
        part: Any = found
        for key in name.removeprefix("#/").split("/"):
            part = part[key]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["schema", "schema?format=json", "docs"])
def test_asked_again_the_document_is_not_made_again(
    control: Place, host: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = browser(host).get(f"/api/{path}")
    monkeypatch.delattr(SchemaGenerator, "get_schema")
    again = browser(host).get(f"/api/{path}")
    assert again.status_code == 200
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert len(again.content) == len(first.content) > 10_000


def test_the_document_is_yaml_or_json_and_nothing_else(control: Place) -> None:
    kinds = {
        "": "application/vnd.oai.openapi",
        "json": "application/vnd.oai.openapi+json",
    }
    for form, kind in kinds.items():
        answer = browser("localhost").get(f"/api/schema?format={form}")
        assert answer.headers["Content-Type"].startswith(kind)
    assert browser("localhost").get("/api/schema?format=xml").status_code == 404


def test_a_tenant_tells_nothing_of_the_control_plane(control: Place) -> None:
    ours, theirs = (set(document(browser(host))["paths"]) for host in HOSTS)
    assert any(path.startswith("/api/tenants") for path in ours)
    assert not any(path.startswith(("/api/tenants", "/api/runs")) for path in theirs)


def references(part: Any) -> list[str]:
    """Every ``$ref`` below a part of the document."""
    if isinstance(part, list):
        return [name for one in part for name in references(one)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [name for one in part.values() for name in references(one)]
