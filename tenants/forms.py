"""The portal's forms; each is over the input of one action."""

from __future__ import annotations

from django import forms

from paybill_site.kernel.forms import form_for
from tenants.actions import InviteInput, StartInput
from tenants.states import Role

StartForm = form_for(StartInput)


class InviteForm(form_for(InviteInput)):  # type: ignore[misc]  # made from the input
    """Owners may invite owners; the action refuses it to others."""

    email = forms.EmailField(max_length=254, label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER)
