"""Structured logs: who, where and what, with secrets taken out before they are written."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from paybill_site.kernel.crypto import redact
from paybill_site.kernel.ids import new_id

context: ContextVar[dict[str, str]] = ContextVar("log_context", default={})


@contextmanager
def said(**facts: str) -> Iterator[None]:
    """Add facts (request, tenant, actor, run) to every log line inside the block."""
    token = context.set({**context.get(), **{k: v for k, v in facts.items() if v}})
    try:
        yield
    finally:
        context.reset(token)


class RedactingFilter(logging.Filter):
    """Puts the context on the record and masks secrets in its message and arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in context.get().items():
            setattr(record, name, value)
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(
                logging.Formatter().formatException(record.exc_info)
            )
        return True


class RequestContextMiddleware:
    """Gives every request an id: in its log lines, audit entries and answer.

    A caller's ``X-Request-Id`` is kept when it is short and plain, so a request can
    be followed across systems.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        name = given if re.fullmatch(r"[\w.-]{8,64}", given) else new_id("req")
        with said(request=name):
            response = self.get_response(request)
        response["X-Request-Id"] = name
        return response
