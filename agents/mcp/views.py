"""``/mcp``: one address, POST only, stateless; behind it a registry."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.http.response import HttpResponseBase

from agents.mcp import eras, messages, methods, streams
from agents.mcp.eras import Client
from agents.mcp.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    InsufficientScope,
    ProtocolError,
)
from agents.mcp.messages import LARGEST, Id, Malformed, Message
from agents.mcp.registry import Registry
from agents.mcp.requests import Request, Running
from agents.oauth import challenges, places
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import (
    Forbidden,
    PaybillError,
    TooLarge,
    Unauthenticated,
    problem_response,
)

log = logging.getLogger(__name__)

type Admit = Callable[[HttpRequest], Actor]
SSE, JSON = "text/event-stream", "application/json"
FITTING = {SSE: {SSE, "text/*", "*/*"}, JSON: {JSON, "application/*", "*/*"}}


class ForeignOrigin(Forbidden):
    """A page of another site sent this."""


class NotAcceptable(PaybillError):
    """Answers are application/json or text/event-stream; accept both."""

    status = 406


class Endpoint:
    """The view. ``admit`` says whose request it is, ``registry`` what they may meet."""

    csrf_exempt = True  # a bearer token is sent on purpose, never by a browser itself

    def __init__(self, registry: Registry, admit: Admit) -> None:
        self.registry, self.admit = registry, admit

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            _check_origin(request)
            accepted = _accepted(request)
            actor = self.admit(request)
            body = _body(request)
        except PaybillError as refusal:
            return _refused(request, refusal)
        response = self._answered(request, actor, body, accepted)
        response["Cache-Control"] = "no-store"
        return response

    def _answered(
        self, request: HttpRequest, actor: Actor, body: bytes, accepted: set[str]
    ) -> HttpResponseBase:
        id: Id | None = None
        client: Client | None = None
        try:
            message = messages.read(body)
            id = message.id
            client = eras.client_of(message, request.headers)
            if id is None:
                return HttpResponse(status=202)
            asked = Request(self.registry, actor, client, message, request.headers)
            return _respond(asked, accepted)
        except Malformed as error:
            return _error(error, error.id, client)
        except ProtocolError as error:
            return _error(error, id, client)
        except InsufficientScope as error:
            return _step_up(request, error)
        except PaybillError as refusal:
            return _refused(request, refusal)


def _respond(asked: Request, accepted: set[str]) -> HttpResponseBase:
    """JSON, unless progress is told on the way or nothing but events is read.

    What has a status of its own is found out before the first progress.
    """
    running, first = methods.answer(asked), None
    token = asked.message.progress_token
    rest = _finished(asked, running)
    try:
        while True:
            progress = next(running)
            if token is not None and SSE in accepted:
                first = progress
                break
    except StopIteration as end:
        reply = _reply(asked.message, end.value)
        if JSON in accepted:
            return JsonResponse(reply)
        rest = _only(reply)
    return streams.response(first, rest, token)


def _finished(asked: Request, running: Running) -> streams.Events:
    """The reply at the end of a call whose answer is on its way: an error, too."""
    try:
        result = yield from running
    except ProtocolError as error:
        return _fault(error, asked.message.id)
    except Exception:
        log.exception("a call broke down while its answer was streamed")
        return _fault(ProtocolError(INTERNAL_ERROR, "Internal error"), asked.message.id)
    return _reply(asked.message, result)


def _only(reply: streams.Reply) -> streams.Events:
    yield from ()
    return reply


def _reply(message: Message, result: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message.id, "result": result}


def _fault(error: ProtocolError, id: Id | None) -> dict[str, Any]:
    told: dict[str, Any] = {"jsonrpc": "2.0", "error": error.as_json()}
    return told if id is None else {**told, "id": id}


def _error(error: ProtocolError, id: Id | None, client: Client | None) -> HttpResponse:
    # Until 2025-11-25 a response had the status 200 whatever it said.
    old = client is not None and not client.modern and error.code != INVALID_REQUEST
    return JsonResponse(_fault(error, id), status=200 if old else error.status)


def _refused(request: HttpRequest, refusal: PaybillError) -> HttpResponse:
    response = problem_response(refusal)
    if isinstance(refusal, Unauthenticated):
        shown = "Authorization" in request.headers
        response["WWW-Authenticate"] = challenges.unauthorized(request, shown=shown)
    response["Cache-Control"] = "no-store"
    return response


def _step_up(request: HttpRequest, error: InsufficientScope) -> HttpResponse:
    refusal = Forbidden("the token lacks a scope", rule="scope", scopes=error.scopes)
    response = problem_response(refusal)
    response["WWW-Authenticate"] = challenges.insufficient(request, error.scopes)
    return response


def _check_origin(request: HttpRequest) -> None:
    """No page of another site: a browser can be made to send from anywhere.

    The host itself was judged before, by what routes requests to planes; the scheme is
    the installation's, for whatever ends TLS may not tell it to us.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != places.issuer(request):
        raise ForeignOrigin(rule="origin")


def _accepted(request: HttpRequest) -> set[str]:
    kinds = {
        kind.partition(";")[0].strip().lower()
        for kind in request.headers.get("Accept", "*/*").split(",")
    }
    found = {kind for kind, fits in FITTING.items() if kinds & fits}
    if not found:
        raise NotAcceptable
    return found


def _body(request: HttpRequest) -> bytes:
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not told.isdecimal() or int(told) > LARGEST:
        raise TooLarge(f"a message is at most {LARGEST} bytes")
    return request.read(LARGEST)
