"""Django forms made from action inputs, so a person's door has the same schema."""

from __future__ import annotations

import datetime
import enum
import types
import typing
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from paybill_site.kernel.inputs import Input, is_sensitive

TEXT_LIMIT = 2000
LONG = 300
EMPTY: tuple[Any, ...] = (None, "", [])
DATES: dict[Any, type[forms.Field]] = {
    datetime.date: forms.DateField,
    datetime.datetime: forms.DateTimeField,
}


class Json(forms.JSONField):
    """JSON as it is typed; what was not said is empty, and not the word null."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class Unshown(forms.Textarea):
    """For secrets: what was typed is not drawn again, whatever else was wrong."""

    def format_value(self, value: Any) -> None:
        return None


class InputForm(forms.Form):
    """A form over an Input; ``data()`` returns the typed value after ``is_valid``."""

    input_class: type[Input]
    _parsed: Input | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        inputs = self.input_class.model_fields
        given = {
            name: value
            for name, value in cleaned.items()
            # What was left empty and may be is as if it had not been sent.
            if name in inputs and (inputs[name].is_required() or value not in EMPTY)
        }
        try:
            self._parsed = self.input_class.model_validate(given)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                name = str(problem["loc"][0]) if problem["loc"] else None
                deeper = ".".join(map(str, problem["loc"][1:]))
                words = f"{deeper}: {problem['msg']}" if deeper else problem["msg"]
                self.add_error(name if name in self.fields else None, FormError(words))
        return cleaned

    def data_input(self) -> Input:
        """The typed input. Only after ``is_valid()`` returned True."""
        if self._parsed is None:
            raise RuntimeError("ask is_valid() first")
        return self._parsed


def form_for(data: type[Input]) -> type[InputForm]:
    """The form class of an input: one field each, with its title, help and bounds."""
    fields: dict[str, Any] = {
        name: _field(name, info) for name, info in data.model_fields.items()
    }
    return type(f"{data.__name__}Form", (InputForm,), {**fields, "input_class": data})


def _field(name: str, info: FieldInfo) -> forms.Field:
    kind = _plain_type(info.annotation)
    options: dict[str, Any] = {
        "label": info.title or name.replace("_", " ").capitalize(),
        "help_text": info.description or "",
        "required": info.is_required(),
        "initial": _default(info),
    }
    if kind is bool:
        return forms.BooleanField(**{**options, "required": False})
    if kind is int:
        return forms.IntegerField(**options, **_bounds(info))
    if kind in DATES:
        return DATES[kind](**options)
    choices = _choices(kind)
    if choices:
        if not info.is_required() and _default(info) is None:
            choices = [("", "none"), *choices]
        return forms.ChoiceField(**options, choices=choices)
    if _is_many(kind):
        return _many(kind, options)
    limit = _bound(info, "max_length") or TEXT_LIMIT
    if _bound(info, "min_length") == 0:  # has to be said, and may be empty
        options["required"] = False
    return forms.CharField(
        **options, max_length=limit, widget=_widget(info, limit), empty_value=""
    )


def _widget(info: FieldInfo, limit: int) -> forms.Widget:
    if is_sensitive(info):
        return Unshown(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"})
    if limit > LONG:
        return forms.Textarea(attrs={"rows": 4})
    return forms.TextInput()


def _default(info: FieldInfo) -> Any:
    return None if info.is_required() else info.get_default(call_default_factory=True)


def _plain_type(annotation: Any) -> Any:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        kinds = [a for a in typing.get_args(annotation) if a is not type(None)]
        return _plain_type(kinds[0])
    if typing.get_origin(annotation) is typing.Annotated:
        return _plain_type(typing.get_args(annotation)[0])
    return annotation


def _choices(kind: Any) -> list[tuple[str, str]]:
    if typing.get_origin(kind) is typing.Literal:
        return [(str(v), str(v).replace("_", " ")) for v in typing.get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [(str(m.value), str(getattr(m, "label", m.value))) for m in kind]
    return []


def _bounds(info: FieldInfo) -> dict[str, Any]:
    bounds = {"min_value": _bound(info, "ge"), "max_value": _bound(info, "le")}
    return {name: value for name, value in bounds.items() if value is not None}


def _bound(info: FieldInfo, name: str) -> Any:
    return next((getattr(m, name) for m in info.metadata if hasattr(m, name)), None)


def _is_many(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    many = (list, tuple, set, frozenset, dict, BaseModel)
    return isinstance(origin, type) and issubclass(origin, many)


def _many(kind: Any, options: dict[str, Any]) -> forms.Field:
    """Texts: one in a line. Anything deeper: JSON."""
    origin = typing.get_origin(kind)
    inner = [a for a in typing.get_args(kind) if a is not Ellipsis]
    if origin is dict or len(inner) != 1 or _plain_type(inner[0]) is not str:
        return Json(**options, widget=forms.Textarea(attrs={"rows": 6}))
    return LinesField(**options)


class LinesField(forms.CharField):
    """A list of texts, one in a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list | tuple | set | frozenset):
            return "\n".join(map(str, value))
        return value

    def clean(self, value: Any) -> Any:
        lines = super().clean(self.prepare_value(value))
        return [line.strip() for line in lines.splitlines() if line.strip()]
