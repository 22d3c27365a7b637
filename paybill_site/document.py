"""The OpenAPI document of a plane, made once in a process.

It says what the code says, so it never changes while the process lives; and it is
public and takes a second of a processor to make, so nobody may have it made at will.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView


class Document:
    """What the routes of a plane offer."""

    def __init__(self, routes: list[Any]) -> None:
        self.routes = routes

    @cached_property
    def content(self) -> dict[str, Any]:
        """The document as JSON has it; not to be changed."""
        generator: Any = SchemaGenerator  # publishes no types
        made: dict[str, Any] = generator(patterns=self.routes).get_schema(public=True)
        return made


class DocumentView(APIView):
    """The document of ``document`` as YAML or JSON."""

    document: Document | None = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = SpectacularAPIView.renderer_classes

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        kind: Any = type(request.accepted_renderer)
        named = f'inline; filename="Paybill.{kind.format}"'
        return HttpResponse(
            _rendered(self.document, kind),
            content_type=kind.media_type,
            headers={"Content-Disposition": named},
        )


@cache
def _rendered(document: Document, renderer: type[BaseRenderer]) -> str | bytes:
    return renderer().render(document.content, renderer_context={})
