"""One session cookie per plane, so that a browser in two planes keeps two sessions."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from paybill_site.kernel import planes

NAMES = {True: "paybill_control", False: "paybill_tenant"}


def cookie_name() -> str:
    """The cookie of the plane that is entered.

    Under https the name has the prefix ``__Host-``: the browser then takes it from
    this host alone, and no tenant's host can plant one for another (RFC 6265bis).
    """
    name = NAMES[planes.here().schema == planes.CONTROL.schema]
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


class PlaneSessionMiddleware(SessionMiddleware):
    """Django's own under the name of the plane; the cookie never has a domain."""

    def process_request(self, request: HttpRequest) -> None:
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        if cookie_name() in request.COOKIES:
            request.COOKIES[settings.SESSION_COOKIE_NAME] = request.COOKIES[
                cookie_name()
            ]
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        answered = super().process_response(request, response)
        morsel = answered.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        if morsel is not None:
            answered.cookies[cookie_name()] = morsel.value
            kept = {name: value for name, value in morsel.items() if value != ""}
            answered.cookies[cookie_name()].update(kept)
            if settings.SESSION_COOKIE_SECURE:  # also on the one that deletes it
                answered.cookies[cookie_name()]["secure"] = True
        return answered
