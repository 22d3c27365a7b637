"""The page between a button and its effect: input, reason, name to type, preview."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from paybill_site.kernel.actions import AnyAction, Danger, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.forms import InputForm, form_for
from paybill_site.kernel.inputs import is_sensitive

REASON, NAME = "because", "typed_name"
PLAIN = (str, int, list, dict, datetime.date)


def confirm_form(
    action: AnyAction, objects: list[Any], request: HttpRequest
) -> InputForm:
    """The form of an action: its input, then what its danger asks for."""
    asked: dict[str, Any] = {}
    if action.danger is not Danger.SAFE:
        asked[REASON] = forms.CharField(
            label="Reason",
            max_length=500,
            help_text="Goes into the audit trail.",
            required=action.danger is Danger.DESTRUCTIVE,
        )
    if action.danger is Danger.DESTRUCTIVE and len(objects) == 1:
        asked[NAME] = _name_field(str(objects[0]))
    cls = type("ConfirmForm", (form_for(action.Input),), asked)
    given = request.POST if "confirm" in request.POST else None
    begins = present_values(action, objects[0]) if len(objects) == 1 else {}
    form: InputForm = cls(given, initial=begins)
    return form


def present_values(action: AnyAction, target: Any) -> dict[str, Any]:
    """What the target has by the names of the inputs, so that nobody types it again."""
    values = {
        name: getattr(target, name, None)
        for name, info in action.Input.model_fields.items()
        if not is_sensitive(info)
    }
    return {name: value for name, value in values.items() if isinstance(value, PLAIN)}


def _name_field(name: str) -> forms.CharField:
    def same(typed: str) -> None:
        if typed != name:
            raise forms.ValidationError(f"Type “{name}” to confirm.")

    return forms.CharField(
        label=f"Type “{name}”",
        help_text="This can not be undone.",
        validators=[same],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def preview(
    action: AnyAction,
    objects: list[Any],
    form: InputForm,
    actor: Actor,
    *,
    run: str = "",
) -> dict[str, Any]:
    """Rehearse on the first object where no input is missing, for the page to show."""
    shown: dict[str, Any] = {"diff": [], "events": [], "error": ""}
    if not objects or any(f.is_required() for f in action.Input.model_fields.values()):
        return {}
    try:
        tried = rehearse(action, objects[0], action.Input(), actor=actor, run=run)
    except PaybillError as error:
        # Other input than none may do.
        final = not action.Input.model_fields
        return {**shown, "error": error.detail, "blocked": final}
    return {
        **shown,
        "diff": list(tried.changes),
        "events": [event["name"] for event in tried.events],
    }
