"""Structured logs: who, where and what, with secrets taken out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from paybill_site.kernel.crypto import redact

context: ContextVar[Mapping[str, str]] = ContextVar(
    "log_context", default=MappingProxyType({})
)


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
