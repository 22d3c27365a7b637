"""``VerbAdmin``: rows are read-only, and everything that can be done is an action.

Each action in ``verbs`` becomes a POST button on the object's page (Django 6.1
change-form actions), and with ``bulk_verbs`` an entry of the list's menu. Both lead
to one confirm page and from there to ``perform``, as every other door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect

from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, Danger, Outcome, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import confirm
from paybill_site.kernel.admin.registry import neighbours_of, verbs_on
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id, new_id
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.templatetags.paybill_ui import badge

MOST = 100
ONCE = "once"

type Reauthenticator = Callable[[HttpRequest], HttpResponse | None]
type Waiting = Callable[[Actor], Iterable[dict[str, Any]]]
_reauthenticators: list[Reauthenticator] = []
waiters: list[Waiting] = []


def reauthenticator(function: Reauthenticator) -> Reauthenticator:
    """Register what asks for a recent log-in: a response to go there, or None."""
    _reauthenticators.append(function)
    return function


def proof_wanted(request: HttpRequest) -> HttpResponse | None:
    """Where to prove anew who one is, or None when that was recent."""
    for ask in _reauthenticators:
        if response := ask(request):
            return response
    return None


def waiting(function: Waiting) -> Waiting:
    """Register what waits for a person: dicts of title, count, url and tone."""
    waiters.append(function)
    return function


class VerbAdmin[M: models.Model](admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Base of every admin class of ours.

    ``verbs``: actions on one object; ``bulk_verbs``: those offered on the list too;
    ``creator``: the action behind "Add"; ``related``: links to neighbours.
    """

    verbs: ClassVar[tuple[AnyAction, ...]] = ()
    bulk_verbs: ClassVar[tuple[AnyAction, ...]] = ()
    creator: ClassVar[AnyAction | None] = None
    show_full_result_count = False
    list_per_page = 50
    ordering: ClassVar[Any] = ("-pk",)

    @classmethod
    def offer(cls, *verbs: AnyAction) -> None:
        """Add verbs of a room above to the page of a thing of a room below."""
        cls.verbs = (*cls.verbs, *verbs)

    # --- who may what -------------------------------------------------------------

    def actor(self, request: HttpRequest) -> Actor:
        return actors.of_request(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        rows: Any = self.model._default_manager
        shown: models.QuerySet[M] = rows.visible_to(self.actor(request))
        return shown.order_by(*self.get_ordering(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.actor(request).may(view_permission(self.model))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        creator = self.creator
        return creator is not None and self.actor(request).may(creator.permission)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- what is shown ------------------------------------------------------------

    def related(self, obj: M) -> Iterable[tuple[str, models.Model | str | None]]:
        """Neighbours of an object: (label, row or address)."""
        return ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = [f.name for f in self.model._meta.fields if f.name not in self._hidden()]
        extra = [name for name in self.readonly_fields if name not in own]
        linked = type(self).related is not VerbAdmin.related
        if obj is not None:
            obj.see_also = list(self._links(self.actor(request), obj))
            linked = linked or bool(obj.see_also)
        links = ["neighbours"] if linked else []
        return [*links, *own, *extra]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)

    def _hidden(self) -> set[str]:
        # Sealed columns would be shown unsealed, digests help nobody.
        binary = {
            f.name for f in self.model._meta.fields if isinstance(f, models.BinaryField)
        }
        return {"id", "password", *binary, *(self.exclude or ())}

    @admin.display(description="See also")
    def neighbours(self, obj: Any) -> SafeString:
        return format_html_join(" · ", '<a href="{}">{}</a>', obj.see_also)

    def _links(self, actor: Actor, obj: M) -> Iterable[tuple[str, str]]:
        more = [link for ask in neighbours_of for link in ask(actor, obj)]
        for label, to in (*self.related(obj), *more):
            if to and (address := self._address(to)):
                yield address, label

    def _address(self, to: models.Model | str) -> str:
        if isinstance(to, str):
            return to
        name = f"admin:{to._meta.app_label}_{to._meta.model_name}_change"
        try:
            return reverse(name, args=[to.pk], current_app=self.admin_site.name)
        except NoReverseMatch:  # the neighbour has no page on this site
            return ""

    @admin.display(description="State", ordering="state")
    def state_badge(self, obj: Any) -> SafeString:
        return badge(obj.state)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The object's history is our audit trail, filtered to it."""
        obj: Any = self.get_object(request, object_id)
        query = f"?q={getattr(obj, 'public_id', '-')}"
        address = reverse(
            "admin:kernel_auditentry_changelist", current_app=self.admin_site.name
        )
        return HttpResponseRedirect(address + query)

    # --- what can be done ---------------------------------------------------------

    def get_actions(
        self,
        request: HttpRequest,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> dict[str, Any]:
        """The verbs that are legal here: for one object those its state allows."""
        on_form = action_location is ActionLocation.CHANGE_FORM
        offered = self._verbs() if on_form else self.bulk_verbs
        actor, obj = self.actor(request), self._object(request) if on_form else None
        return {
            verb.name: self._offer(verb)
            for verb in offered
            if actor.may(verb.permission) and _legal(verb, obj)
        }

    def _verbs(self) -> Iterable[AnyAction]:
        return (*self.verbs, *(one for ask in verbs_on for one in ask(self.model)))

    def _object(self, request: HttpRequest) -> Any:
        match = request.resolver_match
        found = match.kwargs.get("object_id") if match else None
        return self.get_object(request, found) if found else None

    def _offer(self, verb: AnyAction) -> admin.options.Action:
        def run(
            _: Any, request: HttpRequest, chosen: models.QuerySet[M]
        ) -> HttpResponse:
            return self.confirm_view(request, verb, list(chosen[:MOST]))

        places = [ActionLocation.CHANGE_FORM, ActionLocation.CHANGE_LIST]
        words = verb.label()
        return admin.options.Action(run, verb.name, words, words, places)

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Without Django's transaction around it: an action has one of its own."""
        response: HttpResponse = self._changeform_view(  # type: ignore[attr-defined]
            request, object_id, form_url, extra_context
        )
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """ "Add" is an action like any other: its form, its confirm button."""
        if self.creator is None or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        return self.confirm_view(request, self.creator, [])

    def confirm_view(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any]
    ) -> HttpResponse:
        """Ask, then perform on each object; what was refused is said."""
        if verb.danger is Danger.DESTRUCTIVE and (proof := proof_wanted(request)):
            return proof
        form = confirm.confirm_form(verb, objects, request)
        if form.is_bound and form.is_valid():
            return self._perform(request, verb, objects, form)
        return self._ask(request, verb, objects, form)

    def _perform(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        for target in objects or [None]:
            try:
                self.perform_on(target, request, verb, form)
            except PaybillError as refusal:
                text = f"{target or verb.label()}: {refusal.detail}"
                messages.error(request, text)
            else:
                messages.success(request, f"{verb.label()}: {target or 'done'}")
        if objects:
            return HttpResponseRedirect(request.get_full_path())
        meta = self.model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_changelist"
        return HttpResponseRedirect(reverse(name, current_app=self.admin_site.name))

    def perform_on(
        self, target: Any, request: HttpRequest, verb: AnyAction, form: Any
    ) -> Outcome[Any]:
        """Perform as the form asks: with its reason, and once however often pressed."""
        once = request.POST.get(ONCE, "")
        key = f"{once}:{getattr(target, 'pk', '')}" if is_id(once, "key") else ""
        return perform(
            verb,
            target,
            form.data_input(),
            actor=self.actor(request),
            reason=form.cleaned_data.get(confirm.REASON, ""),
            key=key,
        )

    def _ask(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": verb.label(),
            "action": {
                "label": verb.label(),
                "danger": verb.danger.value,
                "description": verb.description(),
            },
            "objects": [
                {"label": str(o), "url": "", "public_id": o.public_id} for o in objects
            ],
            "form": form,
            "carried": _carried(request, objects),
            "dry_run": confirm.preview(verb, objects, form, self.actor(request)),
            "cancel_url": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)


def _legal(verb: AnyAction, obj: Any) -> bool:
    return verb.legal_in is None or obj is None or str(obj.state) in verb.legal_in


def _carried(request: HttpRequest, objects: list[Any]) -> list[tuple[str, str]]:
    """Hidden fields by which the admin finds the action and the objects again."""
    kept = ("action", "CHANGE_FORM-action", "CHANGE_FORM-select_across")
    fields = [(name, request.POST[name]) for name in kept if name in request.POST]
    # The button pressed twice acts once.
    fields.append((ONCE, request.POST.get(ONCE) or new_id("key")))
    return [*fields, *((ACTION_CHECKBOX_NAME, str(o.pk)) for o in objects)]
