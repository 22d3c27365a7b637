"""The two administrations: operators' on the control host, tenant admins' on tenants'.

They hold different things and know different people; neither exists on the other's
hosts. Nobody logs in through Django's own form: the operators' site sends to the
portal's log-in (MFA), the tenants' to the entry flow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST

from paybill_site.accounts.principals import lacks_second_factor
from paybill_site.kernel import actors
from paybill_site.kernel.admin.registry import Page, Registry
from paybill_site.kernel.admin.verbs import Waiting, waiters
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import here, plane_labels

RECENT = 8


class Site(AdminSite):
    """Stock admin with our index, our log-in and our list of what waits."""

    enable_nav_sidebar = True
    empty_value_display = "-"
    entrance = ""

    def __init__(self, name: str, title: str, registry: Registry) -> None:
        super().__init__(name)
        self.site_title = self.site_header = title
        self.index_title = "Overview"
        self.pages = registry.pages
        for model, cls in registry.classes.items():
            if model._meta.app_config is not None:
                self.register(model, cls)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        actor = actors.of_request(request)
        tasks = [task for ask in waiters if _is_here(ask) for task in ask(actor)]
        mine = AuditEntry.objects.filter(actor=actor.id)[:RECENT]
        pages = [page for page in self.pages if page.title and _opens(page, request)]
        shown = {"waiting": tasks, "recent": mine, "pages": pages}
        return super().index(request, {**shown, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Those of the models, after our own pages."""
        own = [
            path(page.route, self.admin_view(self._found(page)), name=page.name)
            for page in self.pages
        ]
        return [*own, *super().get_urls()]

    def _found(self, page: Page) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, **captured: Any) -> HttpResponse:
            if not _opens(page, request):
                raise Http404
            answer: HttpResponse = page.view(request, self, **captured)
            return answer

        return view

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Not by Django's own form either; in a tenant there are no passwords."""
        raise Http404

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to where this plane's people come in, and back here afterwards."""
        asked = request.GET.get("next", "")
        inside = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, None)
        back = asked if inside else reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(back)
        if request.user.is_authenticated:  # known, and not for here
            raise Http404
        return HttpResponseRedirect(f"{self.entrance}?{urlencode({'next': back})}")

    @method_decorator(require_POST)
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """End the session on this host."""
        logout(request)
        return HttpResponseRedirect("/")


def _opens(page: Page, request: HttpRequest) -> bool:
    return actors.of_request(request).may(page.permission)


def _is_here(ask: Waiting) -> bool:
    """Whether the room that asks has its tables in the plane that is entered."""
    room = apps.get_containing_app_config(ask.__module__)
    return room is not None and room.label in plane_labels(here().schema)


class OperatorSite(Site):
    """Operators enter with a second factor, except in the embedded mode."""

    entrance = "/accounts/login/"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and not lacks_second_factor(user)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """By the portal's form."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An operator without a second factor is shown where to set it up."""
        if request.user.is_authenticated and lacks_second_factor(request.user):
            return HttpResponseRedirect(reverse("mfa_index"))
        return super().login(request, extra_context)


class TenantSite(Site):
    """A tenant's own people: members whose role makes them staff of this plane."""

    entrance = "/entry/"
    site_url = "/"
