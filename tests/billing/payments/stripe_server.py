"""A Stripe on loopback, in memory: localstripe, and what of Stripe it leaves out.

    python -m tests.billing.payments.stripe_server

It says on which port it listens.

localstripe takes no notice of idempotency keys, refuses parameters it does not know,
and has neither Checkout nor disputes. Around it stands what Stripe's pages "Idempotent
requests", "Checkout Session" and "Dispute" say, so that the tests are about our code.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from localstripe import resources, server  # type: ignore[import-untyped]
from multidict import MultiDict, MultiDictProxy

resources.Store.dump_to_disk = lambda self: None

# Parameters of the pinned version that localstripe refuses, and we do not need there.
UNKNOWN = (
    "description",
    "return_url",
    "cancellation_reason",
    "created[gte]",
    "customer",
)
answers: dict[str, tuple[int, bytes]] = {}
asked: list[dict[str, str]] = []
sessions: dict[str, dict[str, Any]] = {}
disputes: dict[str, dict[str, Any]] = {}

type Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def as_documented(request: web.Request, handler: Next) -> web.StreamResponse:
    """Note the request; answer a key that was used with what it was answered."""
    if request.path.startswith("/_config/"):
        return await handler(request)
    key = request.headers.get("Idempotency-Key", "")
    asked.append({"method": request.method, "path": request.path, "key": key})
    if request.method == "POST" and key in answers:
        status, body = answers[key]
        headers = {"Idempotent-Replayed": "true"}
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/json"
        )
    answer = await handler(await _known(request))
    if request.method == "POST" and key and answer.status < 500:
        answers[key] = (answer.status, bytes(answer.body))  # type: ignore[attr-defined]
    return answer


async def _known(request: web.Request) -> web.Request:
    """The request without what localstripe refuses to hear."""
    if request.method == "POST" and not request.path.startswith("/v1/checkout"):
        dropped = set(UNKNOWN) - {"customer"}
        if request.path.endswith("/confirm") and "payment_intents" in request.path:
            dropped.add("payment_method")
        kept = [(k, v) for k, v in (await request.post()).items() if k not in dropped]
        request._post = MultiDictProxy(MultiDict(kept))
        return request
    query = {k: v for k, v in request.query.items() if k not in UNKNOWN}
    return request.clone(rel_url=request.rel_url.with_query(query))


async def log(request: web.Request) -> web.Response:
    return web.json_response(asked)


async def open_session(request: web.Request) -> web.Response:
    data = await request.post()
    name = f"cs_test_{len(sessions)}"
    sessions[name] = {
        "id": name,
        "object": "checkout.session",
        "mode": data["mode"],
        "status": "open",
        "customer": data["customer"],
        "client_reference_id": data["client_reference_id"],
        "setup_intent": "seti_1",
        "url": f"https://checkout.stripe.com/c/pay/{name}",
    }
    return web.json_response(sessions[name])


async def show_session(request: web.Request) -> web.Response:
    return _shown(sessions, request)


async def fill_in(request: web.Request) -> web.Response:
    """The customer fills a card in at Checkout, whose setup ends well."""
    session = sessions[request.match_info["id"]]
    method = resources.PaymentMethod(type="card", card=dict(await request.json()))
    resources.PaymentMethod._api_attach(method.id, customer=session["customer"])
    intent = {"id": "seti_1", "status": "succeeded", "payment_method": method._export()}
    session |= {"status": "complete", "url": None, "setup_intent": intent}
    return web.json_response({"payment_method": method.id})


async def open_dispute(request: web.Request) -> web.Response:
    dispute = {"object": "dispute", **await request.json()}
    disputes[dispute["id"]] = dispute
    return web.json_response(dispute)


async def show_dispute(request: web.Request) -> web.Response:
    return _shown(disputes, request)


def _shown(kept: dict[str, dict[str, Any]], request: web.Request) -> web.Response:
    found = kept.get(request.match_info["id"])
    if found is None:
        error = {"code": "resource_missing", "message": "No such object"}
        return web.json_response({"error": error}, status=404)
    return web.json_response(found)


def main() -> None:
    app = server.app
    app.middlewares.insert(0, as_documented)
    app.router.add_get("/_config/log", log)
    app.router.add_post("/_config/checkout/{id}", fill_in)
    app.router.add_post("/_config/disputes", open_dispute)
    app.router.add_post("/v1/checkout/sessions", open_session)
    app.router.add_get("/v1/checkout/sessions/{id}", show_session)
    app.router.add_get("/v1/disputes/{id}", show_dispute)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads it
    web.run_app(app, sock=listener, print=None)


if __name__ == "__main__":
    main()
