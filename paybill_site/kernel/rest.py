"""The REST door: reads are filtered rows, writes are actions; nothing else exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema_serializer, extend_schema_view
from pydantic import BaseModel
from rest_framework import relations, serializers, viewsets
from rest_framework.exceptions import ParseError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paybill_site.kernel.actions import AnyAction, perform, rehearse
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Invalid, Unauthenticated
from paybill_site.kernel.filters import NEWEST, OLDEST, ORDER, Filters, ordering
from paybill_site.kernel.openapi import Done, RowsSchema, described

KEY_HEADER = "Idempotency-Key"
KEY_LENGTH = 200


class BoundedJSON(JSONParser):
    """JSON that is not nested without end; how long it may be is Django's setting."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("the JSON is nested too deeply") from error


class Known(BasePermission):
    """Lets in whoever is known; what they may do is decided by the rows and actions."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = request.auth
        if not isinstance(actor, Actor) or actor.kind is Kind.ANONYMOUS:
            raise Unauthenticated
        return True


class Pages(CursorPagination):
    """Opaque cursors; no counts, whose cost grows with the table."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_description = "of the page: in next and previous of another"
    page_size_query_description = "rows in a page: 50 unless told, at most 200"

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return (ordering(request),)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        order = {
            "name": ORDER,
            "in": "query",
            "required": False,
            "description": "newest first unless told",
            "schema": {"type": "string", "enum": [NEWEST, OLDEST], "default": NEWEST},
        }
        return [*super().get_schema_operation_parameters(view), order]

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """As OpenAPI 3.1 says it; the library's own is of 3.0."""
        link = {"type": ["string", "null"], "format": "uri"}
        names = ("next", "previous", "results")
        return {
            "type": "object",
            "required": list(names),
            "properties": dict(zip(names, (link, link, schema), strict=True)),
        }


@extend_schema_serializer(description="")
class Row[M: Model](serializers.ModelSerializer[M]):
    """A row as JSON: ids and relations as public ids; nothing is written through it."""

    id = serializers.CharField(source="public_id", help_text="public id")

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        return relations.SlugRelatedField, {
            "slug_field": "public_id",
            "read_only": True,
            "allow_null": relation_info.model_field.null,
        }


class Things(viewsets.ReadOnlyModelViewSet[Any]):
    """List and detail of a model: rows that the actor may see, by public id.

    Subclasses set ``queryset`` (for select_related) and ``serializer_class``;
    ``things`` gives them their addresses, and the action that adds a row.
    """

    creator: ClassVar[AnyAction]
    schema = RowsSchema()
    parser_classes = (BoundedJSON,)
    lookup_field = "public_id"
    permission_classes = (Known,)
    pagination_class = Pages
    filter_backends = (Filters,)

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.request.auth)


class ActionView(APIView):
    """POST runs an action; ``?dry_run=true`` shows what it would do."""

    action: ClassVar[AnyAction]
    permission_classes = (Known,)
    parser_classes = (BoundedJSON,)

    def post(self, request: Request, public_id: str | None = None) -> Response:
        return answer(self.action, request, public_id)


def answer(
    action: AnyAction, request: Request, public_id: str | None = None
) -> Response:
    """Perform an action with the request's body, or rehearse it (``?dry_run=true``)."""
    return carried_out(action, request, public_id, body_of(request))


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises Unauthenticated and Invalid."""
    actor: Any = request.auth
    if not isinstance(actor, Actor):  # a list that strangers may read, and not add to
        raise Unauthenticated
    if not isinstance(request.data, dict):
        raise Invalid("the body is a JSON object")
    return dict(request.data)


def carried_out(
    action: AnyAction,
    request: Request,
    target: str | None,
    data: dict[str, Any],
    *,
    run: str = "",
) -> Response:
    """Perform an action, or rehearse it; ``run``: as a step of this run."""
    actor: Any = request.auth
    if is_dry(request):
        tried = rehearse(action, target, data, actor=actor, run=run)
        shown = {"changes": tried.changes, "events": tried.events}
        return Response({"dry_run": True, "output": tried.output, **shown})
    key = key_of(request)
    outcome = perform(action, target, data, actor=actor, key=key, run=run)
    created = action.creates and not outcome.repeated
    return Response(outcome.output, status=201 if created else 200)


def is_dry(request: Request) -> bool:
    """Whether the caller wants to see what would happen, and nothing more."""
    return request.query_params.get("dry_run", "").lower() in {"1", "true"}


def key_of(request: Request) -> str:
    """The caller's idempotency key, "" when there is none. Raises Invalid."""
    key = str(request.headers.get(KEY_HEADER, ""))
    if len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Invalid(f"{KEY_HEADER} is at most {KEY_LENGTH} printable characters")
    return key


def action_path(
    route: str, action: AnyAction, *, output: type[BaseModel] = Done
) -> URLPattern:
    """The address of an action on one row."""
    view: type[ActionView] = type(
        f"{action.__name__}View", (ActionView,), {"action": action}
    )
    view = extend_schema_view(post=described(action, output))(view)
    return path(route, view.as_view(), name=action.name.replace(".", "_"))


class OnceView(ActionView):
    """An action whose answer, and no other, says a secret that it made."""

    secret: ClassVar[Callable[[Any], dict[str, str]]]

    def post(self, request: Request, public_id: str | None = None) -> Response:
        if is_dry(request):
            return super().post(request, public_id)
        actor: Any = request.auth
        data: Any = request.data
        key = key_of(request)
        done = perform(self.action, public_id, data, actor=actor, key=key)
        # A repeat finds the row, which does not know the secret any more.
        response = Response({**done.output, **type(self).secret(done.result)})
        response["Cache-Control"] = "no-store"
        return response


def shown_once(
    route: str,
    action: AnyAction,
    *,
    output: type[BaseModel],
    secret: Callable[[Any], dict[str, str]],
) -> URLPattern:
    """The address of an action on one row that makes a secret.

    ``secret(result)`` returns the members of the answer that stand in no other.
    """
    members = {"action": action, "secret": staticmethod(secret)}
    view: type[OnceView] = type(f"{action.__name__}View", (OnceView,), members)
    view = extend_schema_view(post=described(action, output))(view)
    return path(route, view.as_view(), name=action.name.replace(".", "_"))


def things(
    route: str,
    views: type[Things],
    creator: AnyAction | None = None,
    *,
    output: type[BaseModel] = Done,
) -> list[URLPattern]:
    """The addresses of a model's list and rows.

    POST to the list runs ``creator``, or what the views' own ``create`` does.
    """
    methods: dict[str, Any] = {"get": "list"}
    if creator is not None:

        def create(self: Things, request: Request) -> Response:
            return answer(self.creator, request)

        made: dict[str, Any] = {
            "creator": creator,
            "create": described(creator, output)(create),
        }
        views = type(views.__name__, (views,), made)
    if hasattr(views, "create"):
        methods["post"] = "create"
    one = f"{route}/<str:public_id>"
    one_row: dict[str, Any] = {"get": "retrieve"}
    return [
        path(route, views.as_view(methods), name=f"{route}-list"),
        path(one, views.as_view(one_row), name=f"{route}-detail"),
    ]
