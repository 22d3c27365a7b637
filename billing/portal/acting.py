"""From a form to an action and back: what was refused is said where it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, Outcome, perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.forms import InputForm

type Data = Mapping[str, Any] | Any


def carry_out(
    request: HttpRequest,
    action: AnyAction,
    target: Any,
    data: Data = None,
    *,
    done: str = "",
) -> Outcome[Any] | None:
    """Perform and say that it is done; refused, say why and return None."""
    actor = actors.of_request(request)
    try:
        outcome = perform(action, target, data, actor=actor)
    except PaybillError as error:
        messages.error(request, error.detail)
        return None
    if done:
        messages.success(request, done)
    return outcome


def fill_in(
    request: HttpRequest, action: AnyAction, target: Any, form: InputForm
) -> Outcome[Any] | None:
    """Perform what a valid form says; refused, the form has the error and its place."""
    actor = actors.of_request(request)
    try:
        return perform(action, target, form.data_input(), actor=actor)
    except PaybillError as error:
        blame(form, error)
        return None


def blame(form: Any, error: PaybillError) -> None:
    """Put a refusal at the field that it is about, if it names one of the form's."""
    field = str(error.members.get("field", ""))
    form.add_error(field if field in form.fields else None, error.detail)
