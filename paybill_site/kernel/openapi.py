"""What the OpenAPI document says of every door, written once.

A door is a list of rows, a row, or an action. Their answers, refusals and parameters
follow from the model and the action, so no view writes them a second time.
"""

from __future__ import annotations

from typing import Any, Literal

from django.utils.text import capfirst
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentIdentity, ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict, Field

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.ids import PublicId

PROBLEM_TYPE = "application/problem+json"
MEANING = {
    400: "The request can not be read",
    401: "Nobody is signed in, or the credentials are wrong or expired",
    403: "You may not do this, or a limit is reached",
    404: "There is nothing here, or nothing that you may see",
    406: "Only JSON is answered",
    409: "The present state does not allow this, or the key was used otherwise",
    410: "This was good once, and is over",
    412: "The version you looked at is not the present one",
    413: "The body is too large",
    415: "Only JSON is read",
    422: "The input does not fit its schema; `errors` names each field",
    429: "Too many requests; wait as long as `Retry-After` says",
    503: "A part that this needs is not reachable at the moment; try again",
}
OF_READS = (400, 401, 403, 404, 406, 422, 429)


class Problem(BaseModel):
    """A refusal as RFC 9457 has it; some have further members."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="a URN that names the kind of problem")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what is wrong this time, and what to do")
    code: str = Field(description="the end of `type`, for programs")


class Done(BaseModel):
    """What an action left."""

    id: str = Field("", description="public id of the row")
    state: str = Field("", description="its state; empty where rows have none")


class Change(BaseModel):
    """One column of one row as it is and as it would be."""

    row: str = Field(description="model and public id: `tenants.tenant:ten_...`")
    field: str
    before: Any
    after: Any


class Rehearsed(BaseModel):
    """What a dry run answers: nothing was kept."""

    dry_run: Literal[True]
    output: dict[str, Any] = Field(description="what the action would answer")
    changes: list[Change]
    events: list[dict[str, Any]] = Field(description="what would be told to others")


class OneOf:
    """An answer that has one of several shapes."""

    def __init__(self, *models: type[BaseModel]) -> None:
        self.models = models


class OneOfSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Puts the shapes beside each other."""

    target_class = OneOf

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        return "Or".join(model.__name__ for model in self.target.models)

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        resolve = auto_schema.resolve_serializer
        return {"oneOf": [resolve(m, direction).ref for m in self.target.models]}


class PydanticSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Pydantic's own schema; requests as they are validated, two names never one.

    The library's extension shows requests as they would be written out, and takes two
    classes of one name for the same class without a word.
    """

    target_class = BaseModel
    match_subclasses = True
    priority = 1

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        return str(self.target.__name__)

    def get_identity(self, auto_schema: Any, direction: Any) -> ComponentIdentity:
        return ComponentIdentity(self.target)  # type: ignore[no-untyped-call]

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = self.target.model_json_schema(
            ref_template="#/components/schemas/{model}",
            mode="validation" if direction == "request" else "serialization",
        )
        for name, inner in schema.pop("$defs", {}).items():
            component: Any = ResolvedComponent  # publishes no types
            part = component(name, component.SCHEMA, inner, name)
            auto_schema.registry.register_on_missing(part)
        return schema


def refusals(*statuses: int) -> dict[Any, OpenApiResponse]:
    """The problem documents of these statuses, for ``responses``."""
    return {
        (status, PROBLEM_TYPE): OpenApiResponse(Problem, MEANING[status])
        for status in statuses
    }


PROBLEMS = refusals(*MEANING)


class RowsSchema(AutoSchema):
    """Describes a list of rows and one row, by the words of their model."""

    view: Any

    def get_summary(self) -> str | None:
        names = self.view.queryset.model._meta
        if self.view.action == "list":
            return capfirst(f"list {names.verbose_name_plural}")
        return capfirst(f"show one {names.verbose_name}")

    def get_description(self) -> str:  # type: ignore[override]
        if self.view.action == "list":
            return "The rows that you may see, by pages; narrowed and ordered as asked."
        return "A row that you may see, by its public id."

    def get_override_parameters(self) -> list[Any]:
        one = self.view.action == "retrieve"
        return [id_parameter(self.view.queryset.model)] if one else []

    def get_response_serializers(self) -> Any:
        found = "A page" if self.view.action == "list" else "The row"
        rows = OpenApiResponse(super().get_response_serializers(), found)
        return {200: rows, **refusals(*OF_READS)}


def id_parameter(model: Any) -> OpenApiParameter:
    """The public id in an address, with the prefix of its model."""
    field = model._meta.get_field("public_id")
    prefix = field.prefix if isinstance(field, PublicId) else "[a-z]{2,6}"
    return OpenApiParameter(
        "public_id",
        str,
        OpenApiParameter.PATH,
        pattern=f"^{prefix}_[0-9a-z]{{26}}$",
        description=f"public id of the {model._meta.verbose_name}",
    )


def key_parameter(why: str) -> OpenApiParameter:
    """The header under which a repeat changes nothing."""
    return OpenApiParameter(
        "Idempotency-Key", str, OpenApiParameter.HEADER, description=why
    )


def described(action: AnyAction, output: type[BaseModel]) -> Any:
    """The OpenAPI description of an action, from its input and its docstring."""
    again = "A repeat under the same key, or what a dry run would do"
    answers: dict[Any, Any] = {
        200: OpenApiResponse(
            OneOf(output, Rehearsed),
            again if action.creates else "Done, or what a dry run would do",
        )
    }
    if action.creates:
        answers[201] = OpenApiResponse(output, "Made")
    return extend_schema(
        operation_id=action.name.replace(".", "_"),
        summary=action.label(),
        description=action.description(),
        request=action.Input,
        parameters=[
            *([] if action.creates else [id_parameter(action.model)]),
            key_parameter("up to 200 characters; a repeat under it changes nothing"),
            OpenApiParameter(
                "dry_run",
                OpenApiTypes.BOOL,
                description="true: say what would happen, and keep nothing",
            ),
        ],
        responses={**answers, **PROBLEMS},
    )
