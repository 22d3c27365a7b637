"""The action that a declaration's ``writable`` fields give: an ordinary one.

``UpdateCustomer`` is performed like every other action: permission
``change_customer`` on the row, limits, approval, audit. It changes the fields that
were said and no others, by one conditional UPDATE. A model with a ``version`` is
changed at the version that the caller saw, or not at all.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    create_model,
    model_serializer,
    model_validator,
)

from paybill_site.kernel.actions import Action, AnyAction, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid, StaleVersion
from paybill_site.kernel.ids import id_pattern
from paybill_site.kernel.schemas import RANGES, Unsupported

if TYPE_CHECKING:
    from paybill_site.kernel.declarations import Declaration

VERSION = "version"
FORMATS = {models.EmailField: "email", models.URLField: "uri"}
LONGEST = 10_000
# Decided by actions of their own, never by writing them down.
NEVER = frozenset({"id", "public_id", "state", VERSION})
# Beside what is changed, an input may say which row, in which run, at which version.
BESIDE = frozenset({"id", "run", VERSION})


class Changes(Input):
    """What shall be changed; what is not said stays as it is."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set - BESIDE:
            raise ValueError("name something to change")
        return self

    @model_serializer(mode="wrap")
    def _as_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        every: dict[str, Any] = handler(self)
        return {name: v for name, v in every.items() if name in self.model_fields_set}


def kept(taken: type[Input]) -> frozenset[str]:
    """The arguments of an update that may be left out: these stay as they are."""
    if not issubclass(taken, Changes):
        return frozenset()
    fields = taken.model_fields.items()
    return frozenset(name for name, field in fields if not field.is_required())


def make(tools: Declaration) -> AnyAction:
    """The action ``Update<Model>`` of a declaration. Raises ValueError."""
    model = tools.model
    wrong = {name for name in tools.writable if not _may_be_written(model, name)}
    if wrong or (_versioned(model) and VERSION not in tools.fields):
        raise ValueError(f"{tools.__name__}: {sorted(wrong) or VERSION}: no update")
    meta = model._meta
    listed = ", ".join(str(_verbose(model, name)) for name in tools.writable)
    body = {
        "__module__": tools.__module__,
        "__doc__": f"Change a {meta.verbose_name}: {listed}.",
        "model": model,
        "Input": input_of(tools, tools.writable),
        "Output": _output(model),
        "permission": f"{meta.app_label}.change_{meta.model_name}",
        "danger": Danger.CAREFUL,
        "agents": True,
        "idempotent": True,
        "overwrites": _overwritten(tools),
        "emits": (),
        "writable": tools.writable,
        "guards": {name: _guards(tools, name) for name in tools.writable},
        "run": _run,
        "present": _present,
    }
    made: AnyAction = type(f"Update{model.__name__}", (Action,), body)
    return made


def _overwritten(tools: Declaration) -> frozenset[str]:
    meta: Any = tools.model._meta
    version = (VERSION,) if _versioned(tools.model) else ()
    fields = [meta.get_field(name) for name in (*tools.writable, *version)]
    return frozenset(f"{meta.label_lower}.{field.attname}" for field in fields)


def _run(self: Any, row: Any, data: Changes, *, actor: Actor) -> Any:
    said = {n: getattr(data, n) for n in self.writable if n in data.model_fields_set}
    for name in said:
        for permission in self.guards[name]:
            if not actor.may(permission):
                problem = f"{name} needs the permission {permission}"
                raise Forbidden(problem, rule="field")
    _fit(row, said)
    rows = type(row)._base_manager.filter(pk=row.pk)
    if _versioned(self.model):
        rows = rows.filter(version=getattr(data, VERSION))
        said[VERSION] = F(VERSION) + 1
    if rows.update(**said) != 1:
        raise StaleVersion
    row.refresh_from_db()
    return row


def _present(self: Any, row: Any) -> dict[str, Any]:
    shown = {"id": row.public_id}
    for name in ("state", VERSION):
        if hasattr(row, name):
            shown[name] = getattr(row, name)
    return shown


def _fit(row: models.Model, said: Mapping[str, Any]) -> None:
    """Ask the model's own validators. Raises Invalid, without values."""
    for name, value in said.items():
        setattr(row, name, value)
    others = {f.name for f in row._meta.concrete_fields} - said.keys()
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        wrong = sorted(error.error_dict)
        raise Invalid(f"these do not fit: {', '.join(wrong)}", rule="schema") from error


def _may_be_written(model: type[models.Model], name: str) -> bool:
    field: Any = model._meta.get_field(name)
    return field.editable and not field.is_relation and name not in NEVER


def _versioned(model: type[models.Model]) -> bool:
    return any(field.name == VERSION for field in model._meta.concrete_fields)


def _guards(tools: Declaration, name: str) -> tuple[str, ...]:
    """The permissions that writing the field needs: that of reading it, and its own."""
    named = (tools.guarded.get(name), tools.guarded_writes.get(name))
    return tuple(permission for permission in named if permission)


def input_of(tools: Declaration, writable: tuple[str, ...]) -> type[Input]:
    """The input that takes new values of these fields."""
    fields: dict[str, Any] = {name: _argument(tools, name) for name in writable}
    if _versioned(tools.model):
        seen = "the version that you saw; another one meanwhile is refused"
        fields[VERSION] = (int, Field(ge=0, le=RANGES["IntegerField"][1], title=seen))
    return create_model(
        f"Update{tools.model.__name__}Input", __base__=Changes, **fields
    )


def _output(model: type[models.Model]) -> type[BaseModel]:
    prefix = model._meta.get_field("public_id").prefix  # type: ignore[union-attr]
    fields: dict[str, Any] = {"id": (str, Field(pattern=id_pattern(prefix)))}
    if hasattr(model, "state"):
        fields["state"] = (str, ...)
    if _versioned(model):
        fields[VERSION] = (int, Field(ge=0))
    closed = ConfigDict(extra="forbid")
    return create_model(f"Updated{model.__name__}", __config__=closed, **fields)


def _argument(tools: Declaration, name: str) -> Any:
    field: Any = tools.model._meta.get_field(name)
    kind, bounds = _type(field)
    about: dict[str, Any] = {"title": _verbose(tools.model, name).capitalize()}
    if field.help_text:
        about["description"] = str(field.help_text)
    extra: dict[str, Any] = {"sensitive": True} if name in tools.sensitive else {}
    if (form := FORMATS.get(type(field))) and not field.blank:
        extra["format"] = form
    about["json_schema_extra"] = extra or None
    # Nothing stands for "not said" in the schema: null is a value.
    return (kind, Field(default_factory=_nothing, **{**bounds, **about}))


def _nothing() -> None:
    return None


def _verbose(model: type[models.Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def _type(field: Any) -> tuple[Any, dict[str, Any]]:
    kind, bounds = _plain_type(field)
    return (kind | None if field.null else kind), bounds


def _plain_type(field: Any) -> tuple[Any, dict[str, Any]]:
    """The type and bounds of a field's new value. Raises Unsupported."""
    if field.choices:
        values = [value for value, _ in field.flatchoices]
        return Literal[tuple([*values, ""] if field.blank else values)], {}
    ranged = RANGES.get(field.get_internal_type())
    if ranged is not None:
        return int, {"ge": ranged[0], "le": ranged[1]}
    if isinstance(field, models.CharField | models.TextField):
        least = {} if field.blank else {"min_length": 1}
        return str, {**least, "max_length": field.max_length or LONGEST}
    if isinstance(field, models.DecimalField):
        return decimal.Decimal, {
            "max_digits": field.max_digits,
            "decimal_places": field.decimal_places,
        }
    for column, made in (
        (models.BooleanField, bool),
        (models.DateTimeField, AwareDatetime),
        (models.DateField, datetime.date),
    ):
        if isinstance(field, column):
            return made, {}
    raise Unsupported(f"{field}: {Unsupported.__doc__}")
