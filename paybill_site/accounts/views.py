"""The tenant's doors: in by the entry flow, out by a button."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from paybill_site.accounts import entry
from paybill_site.accounts.actions import EnterPlane, FollowAccess
from paybill_site.accounts.stepup import PROVED
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.licences import InstallLicence
from paybill_site.kernel.limits import throttle

DOORMAN = actors.system("entry", "accounts.enter_plane")
MESSENGER = actors.system(
    "control-plane", "accounts.follow_access", "kernel.add_licence"
)
SESSION = 8 * 60 * 60  # seconds
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def cookie_name() -> str:
    """The cookie that waits for the browser's return, on this host alone."""
    return "__Host-paybill_entry" if settings.SESSION_COOKIE_SECURE else "paybill_entry"


@never_cache
@require_GET
def enter(request: HttpRequest) -> HttpResponse:
    """Send the browser to the control plane for a code."""
    start = entry.begin(_inside(request, request.GET.get("next", "/")))
    fresh = request.GET.get("fresh") == "1"
    response = HttpResponseRedirect(
        entry.authorize_url(start, _host(request), fresh=fresh)
    )
    response.set_cookie(
        cookie_name(),
        entry.pack(start),
        max_age=entry.MINUTES * 60,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take the code, make the session; a refusal is recorded and shown as a page."""
    throttle(
        "entry",
        request.META.get("REMOTE_ADDR", ""),
        most=120,
        window=timedelta(minutes=1),
    )
    brought = {
        "code": request.GET.get("code", ""),
        "state": request.GET.get("state", ""),
        "cookie": request.COOKIES.get(cookie_name(), ""),
        "host": _host(request),
    }
    user = perform(EnterPlane, None, brought, actor=DOORMAN).result
    start = entry.unpack(brought["cookie"], brought["state"])
    login(request, user, backend=BACKEND)
    request.session.set_expiry(SESSION)
    request.session[PROVED] = user.proved_at
    response = HttpResponseRedirect(start.next)
    response.delete_cookie(cookie_name())
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the session on this host; the one in the portal goes on."""
    logout(request)
    return HttpResponseRedirect("/")


@csrf_exempt  # no cookie counts here; the token is what is believed
@require_POST
def push(request: HttpRequest) -> HttpResponse:
    """Take a signed change of somebody's role from the control plane."""
    token = pushed(request, most=5000)
    perform(FollowAccess, None, {"token": token}, actor=MESSENGER)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def push_licence(request: HttpRequest) -> HttpResponse:
    """Take a signed licence; an older one than is here changes nothing."""
    token = pushed(request, most=20_000)
    perform(InstallLicence, None, {"token": token}, actor=MESSENGER)
    return HttpResponse(status=204)


def pushed(request: HttpRequest, *, most: int) -> str:
    """The token that the control plane brings. Raises TooMany for a flood."""
    throttle(
        "push",
        request.META.get("REMOTE_ADDR", ""),
        most=600,
        window=timedelta(minutes=1),
    )
    return request.body[:most].decode("ascii", "replace")


def _host(request: HttpRequest) -> str:
    return request.get_host().rsplit(":", 1)[0].rstrip(".").lower()


def _inside(request: HttpRequest, path: str) -> str:
    """A path of this host; anything else becomes its home page."""
    safe = path.startswith("/") and url_has_allowed_host_and_scheme(
        path, allowed_hosts=None
    )
    return path if safe else "/"
