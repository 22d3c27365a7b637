"""One cookie per plane, and as strict as the address allows."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from paybill_site.accounts.actions import AnonymiseUser
from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import PlaneSessionMiddleware, cookie_name
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.cast import LogIn, make_user


def visit(cookies: dict[str, str], *, write: bool) -> HttpResponse:
    request = HttpRequest()
    request.COOKIES.update(cookies)

    def view(request: Any) -> HttpResponse:
        if write:
            request.session["seen"] = True
        return HttpResponse(str(request.session.get("seen")))

    answer = PlaneSessionMiddleware(view)(request)
    assert isinstance(answer, HttpResponse)
    return answer


def test_each_plane_has_a_cookie_of_its_own(control: Place, tenant_a: Place) -> None:
    assert list(visit({}, write=True).cookies) == ["paybill_control"]
    with plane(tenant_a):
        assert list(visit({}, write=True).cookies) == ["paybill_tenant"]


def test_a_session_is_found_again_in_its_plane_alone(
    control: Place, tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_a):
        key = visit({}, write=True).cookies["paybill_tenant"].value
        assert visit({"paybill_tenant": key}, write=False).content == b"True"
    with plane(tenant_b):
        assert visit({"paybill_tenant": key}, write=False).content == b"None"
    with plane(CONTROL):
        assert visit({"paybill_control": key}, write=False).content == b"None"


def test_the_usual_name_of_the_cookie_means_nothing(control: Place) -> None:
    key = visit({}, write=True).cookies["paybill_control"].value
    assert SessionStore(key).exists(key)
    answer = visit({settings.SESSION_COOKIE_NAME: key}, write=False)
    assert answer.content == b"None"


def test_under_https_the_cookie_is_bound_to_its_host(
    control: Place, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    (cookie,) = visit({}, write=True).cookies.values()
    assert cookie.key == "__Host-paybill_control" == cookie_name()
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""


def test_a_session_that_ended_takes_its_cookie_along(
    control: Place, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    (cookie,) = visit({cookie_name(): "x" * 32}, write=False).cookies.values()
    assert cookie.key == cookie_name()
    assert cookie["max-age"] == 0
    assert cookie["secure"]


def test_an_anonymised_user_is_out_and_nothing_of_it_is_left(
    operator: Actor, log_in: LogIn
) -> None:
    user = make_user("nora")
    client = log_in(user)
    perform(AnonymiseUser, user, actor=operator, reason="asked for")
    assert client.get("/tenants/").status_code == 302
    user.refresh_from_db()
    shown = " ".join(str(getattr(user, f.name)) for f in User._meta.concrete_fields)
    assert "nora" not in shown.lower()
    addresses: Any = user
    assert not addresses.emailaddress_set.exists()


@pytest.mark.parametrize("name", ["owner", "teammate", "outsider"])
def test_people_do_not_anonymise_each_other(
    name: str, owner_user: User, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotFound):
        perform(AnonymiseUser, owner_user, actor=request.getfixturevalue(name))
