"""The portal's forms; each is over the input of one action."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms

from paybill_site.kernel.forms import form_for
from tenants.actions import InviteInput, StartInput
from tenants.hooks import catalogue
from tenants.hooks.actions import EndpointInput
from tenants.keys.actions import KeyInput
from tenants.keys.scopes import Scope
from tenants.states import Role

StartForm = form_for(StartInput)


class InviteForm(form_for(InviteInput)):  # type: ignore[misc]  # made from the input
    """Owners may invite owners; the action refuses it to others."""

    email = forms.EmailField(max_length=254, label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER)


class KeyForm(form_for(KeyInput)):  # type: ignore[misc]  # made from the input
    """Scopes are offered by the maker's role; the action refuses others."""

    scopes = forms.MultipleChoiceField(
        label="What it may do", widget=forms.CheckboxSelectMultiple
    )
    field_order = ["name", "scopes", "days", "per_minute"]

    def offer(self, scopes: Iterable[Scope]) -> None:
        """Let these be chosen and no others."""
        self.fields["scopes"].choices = [
            (scope.value, f"{scope.label} ({scope.value})") for scope in scopes
        ]


def _types() -> list[tuple[str, Any]]:
    """Every event, or single types under the first word of their names."""
    by_word = groupby(catalogue.names(), key=lambda name: name.partition(".")[0])
    kinds = [(word.capitalize(), [(n, n) for n in names]) for word, names in by_word]
    return [(catalogue.EVERY, "Every event, also those to come"), *kinds]


class EndpointForm(form_for(EndpointInput)):  # type: ignore[misc]  # as above
    """An address and the events that it is told of."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="An https address that anybody on the Internet can reach.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    types = forms.MultipleChoiceField(
        label="Events", choices=_types, widget=forms.CheckboxSelectMultiple
    )
    field_order = ["url", "description", "types"]
