"""The catalogue as a file: download it, upload it, see what it changes, confirm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from billing import actions
from billing.catalogue import differences, document, writing
from billing.catalogue.errors import CatalogueInvalid
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.admin import operators
from paybill_site.kernel.errors import PaybillError

MAY = "billing.import_plans"


class FileForm(forms.Form):
    """A file, or what is in one."""

    file = forms.FileField(required=False, help_text="as it was downloaded, and edited")
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=document.LONGEST,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        label="Catalogue",
        help_text="YAML. A plan that is not in it is taken off sale.",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = cleaned.get("file")
        if given is not None:
            if given.size > document.LONGEST:
                raise forms.ValidationError("The file is too long.")
            try:
                cleaned["text"] = given.read().decode()
            except UnicodeDecodeError as error:
                raise forms.ValidationError("This is no text in UTF-8.") from error
        return cleaned


@operators.page("billing/catalogue/", "billing_catalogue", MAY, title="Catalogue file")
def file(request: HttpRequest, site: Any) -> HttpResponse:
    """Ask for a file, show what it changes, and change it once that is confirmed."""
    posted = request.method == "POST"
    form = FileForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        initial={"text": writing.written()},
    )
    found: list[differences.Difference] | None = None
    if posted and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            found = differences.between(document.read(text))
            if "confirm" in request.POST:
                return _apply(request, text, form.cleaned_data["seen"])
        except CatalogueInvalid as mistakes:
            for told in mistakes.told:
                form.add_error("text", told)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        form = _again(form, text)
    context = {
        **site.each_context(request),
        "title": "Catalogue file",
        "form": form,
        "lines": [line for each in found or () for line in each.told()],
        "changes": len(found or ()),
        "shown": found is not None,
    }
    return TemplateResponse(request, "admin/catalogue/file.html", context)


@operators.page("billing/catalogue.yaml", "billing_catalogue_yaml", MAY)
def download(request: HttpRequest, site: Any) -> HttpResponse:
    """The catalogue as it is."""
    answer = HttpResponse(writing.written(), content_type="application/yaml")
    answer["Content-Disposition"] = 'attachment; filename="plans.yaml"'
    return answer


def _apply(request: HttpRequest, text: str, seen: str) -> HttpResponse:
    asked = {"text": text, "seen": seen}
    actor = actors.of_request(request)
    done = perform(actions.ImportCatalogue, None, asked, actor=actor)
    messages.success(request, f"{len(done.output['changes'])} plans changed.")
    return HttpResponseRedirect(reverse("admin:billing_plan_changelist"))


def _again(form: FileForm, text: str) -> FileForm:
    """The form with what came in a file as text, and what was looked at."""
    shown = FileForm({"text": text, "seen": differences.digest()})
    shown.full_clean()
    for name, errors in form.errors.items():
        for error in errors:
            shown.add_error(None if name == "__all__" else name, error)
    return shown
