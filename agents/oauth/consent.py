"""The page on which a person connects an assistant, and what they answer there.

1. A client sends the browser here. Nobody is logged in, or proved who they are too long
   ago: through the entry, and back here. Nothing is fetched for a stranger.
2. What the client asks is checked before anything is shown; only when client and
   address are known, an error goes back to the client.
3. The page says which tools, on what, under which limits, until when. The person may
   take scopes away and shorten the time.
4. The answer is checked against the same question, asked again from the address.
5. Yes is one action: agent, delegation and a code of 60 seconds, all or none.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error

from agents.actions import ConnectAssistant
from agents.frame import frame, login_url
from agents.models import Agent
from agents.oauth import places, preview, redirects, server
from agents.oauth.validator import InvalidTarget
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin.verbs import proof_wanted
from paybill_site.kernel.errors import Forbidden, Invalid, Refused
from paybill_site.kernel.limits import throttle

MINUTE = timedelta(minutes=1)
MOST = 60  # in a minute, from one address
HOURS = {1: "an hour", 24: "a day", 7 * 24: "a week", 30 * 24: "30 days"}
USUAL = 7 * 24
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask the person whether the assistant may act for them."""
    throttle("oauth.ask", request.META.get("REMOTE_ADDR", ""), most=MOST, window=MINUTE)
    if not request.user.is_authenticated:
        return HttpResponseRedirect(login_url(request))
    actor = actors.of_request(request)
    if not actor.may(ConnectAssistant.permission) or actor.impersonator:
        raise Forbidden("you can not let assistants act for you here")
    if proof := proof_wanted(request):
        return proof
    try:
        scopes, asked = _asked(request)
    except FatalClientError as error:
        # Nobody is sent to an address that is not the client's.
        raise Refused(f"the assistant asks wrongly: {error.description}") from error
    except OAuth2Error as error:
        return _back(request, error.redirect_uri, dict(error.twotuples))
    if request.method == "POST":
        return _answered(request, scopes, asked, actor)
    return _page(request, scopes, asked, actor)


def _asked(request: HttpRequest) -> tuple[list[str], Any]:
    scopes, asked = server.asked(request)
    wrong: OAuth2Error | None = None
    if set(request.GET.getlist("resource")) - {places.resource(request)}:
        wrong = InvalidTarget(request=asked)
    elif not CHALLENGE.fullmatch(asked.code_challenge or ""):
        wrong = OAuth2Error("code_challenge is 43 characters", request=asked)
        wrong.error = "invalid_request"
    if wrong is not None:
        raise wrong
    return scopes, asked


def _page(
    request: HttpRequest, scopes: list[str], asked: Any, actor: Actor
) -> HttpResponse:
    agent = _agent(asked)
    shown = preview.scopes(scopes, agent, actor)
    context = {
        **frame(request),
        "client": asked.client,
        "host": urlsplit(asked.redirect_uri).hostname or asked.redirect_uri,
        "local": asked.redirect_uri.startswith("http:"),
        "scopes": shown,
        "usable": any(one.usable for one in shown),
        "limits": preview.limits(agent),
        "hours": HOURS.items(),
        "usual": USUAL,
        "role": preview.ASSISTANTS,
        "stopped": agent is not None and agent.state != "active",
    }
    response = render(request, "agents/consent.html", context)
    # Chromium holds what follows a form to this policy: here the way to the client.
    usual: dict[str, Any] = settings.SECURE_CSP
    back = redirects.source(asked.redirect_uri)
    policy = {**usual, "form-action": [*usual["form-action"], back]}
    return csp_override(policy)(lambda _: response)(request)


def _agent(asked: Any) -> Agent | None:
    found = Agent.objects.select_related("principal")
    return found.filter(client=asked.client.client_id).first()


def _answered(
    request: HttpRequest, scopes: list[str], asked: Any, actor: Actor
) -> HttpResponse:
    if request.POST.get("answer") != "allow":
        return _back(request, asked.redirect_uri, _denied(asked))
    chosen = [one for one in request.POST.getlist("scope") if one in set(scopes)]
    if not chosen:
        raise Invalid("choose at least one thing that it may do, or refuse")
    data = {
        "client": asked.client.client_id,
        "name": asked.client.name[:60],
        "task": request.POST.get("task", "").strip()[:300] or "Assistance",
        "scopes": chosen,
        "hours": _hours(request.POST.get("hours", "")),
        "redirect_uri": asked.redirect_uri,
        "challenge": asked.code_challenge,
        "audience": places.resource(request),
    }
    given = perform(ConnectAssistant, None, data, actor=actor).result
    answer = {"code": given.code}
    if asked.state:
        answer["state"] = asked.state
    return _back(request, asked.redirect_uri, answer)


def _denied(asked: Any) -> dict[str, str]:
    said = {"error": "access_denied"}
    return {**said, "state": asked.state} if asked.state else said


def _hours(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:6]) not in HOURS:
        raise Invalid("choose for how long")
    return int(text)


class Back(HttpResponseRedirect):
    """To the client: its address was checked, also when its scheme is an app's own."""

    def __init__(self, address: str) -> None:
        self.allowed_schemes = [urlsplit(address).scheme]
        super().__init__(address)


def _back(request: HttpRequest, address: str, said: dict[str, Any]) -> HttpResponse:
    """Send the browser back; the answer says who gave it (RFC 9207)."""
    said = {**said, "iss": places.issuer(request)}
    joined = "&" if urlsplit(address).query else "?"
    response = Back(f"{address}{joined}{urlencode(said)}")
    response["Referrer-Policy"] = "no-referrer"
    return response
