"""An answer as server-sent events: progress as it comes, the response last.

A stream is read after the request went through the middleware. So it keeps the
request's context (plane, log) and takes each step inside of it. A client that hangs
up closes the generator where it stands: before the call that is a call not made;
after it the effect stands, and the same idempotency key tells it.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextvars import Context, copy_context
from typing import Any

from django.http import StreamingHttpResponse

from agents.mcp.registry import Progress

type Reply = Mapping[str, Any]
type Events = Generator[Progress, None, Reply]


def event(message: Reply) -> bytes:
    """One JSON-RPC message as an event."""
    return f"event: message\ndata: {json.dumps(message)}\n\n".encode()


def response(
    first: Progress | None, rest: Events, token: str | int | None
) -> StreamingHttpResponse:
    """A stream that tells ``first``, then the progress of ``rest``, then its reply."""
    # Taken now: when the stream is read, the request's middleware has been left.
    steps = _in_context(copy_context(), _events(first, rest, token))
    stream = StreamingHttpResponse(steps, content_type="text/event-stream")
    stream["Cache-Control"] = "no-store"
    stream["X-Accel-Buffering"] = "no"
    return stream


def _events(
    first: Progress | None, rest: Events, token: str | int | None
) -> Generator[bytes]:
    try:
        if first is not None:
            yield _told(first, token)
        while True:
            try:
                progress = next(rest)
            except StopIteration as end:
                yield event(end.value)
                return
            if token is not None:
                yield _told(progress, token)
    finally:
        rest.close()


def _told(progress: Progress, token: str | int | None) -> bytes:
    params: dict[str, Any] = {"progressToken": token, "progress": progress.done}
    if progress.total is not None:
        params["total"] = progress.total
    if progress.says:
        params["message"] = progress.says
    told = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
    return event(told)


def _in_context(context: Context, events: Generator[bytes]) -> Iterator[bytes]:
    try:
        while True:
            try:
                yield context.run(next, events)
            except StopIteration:
                return
    finally:
        context.run(events.close)
