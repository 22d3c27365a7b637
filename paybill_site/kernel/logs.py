"""Structured logs: who, where and what, with secrets taken out."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from paybill_site.kernel.redaction import redact

FORMATTER = logging.Formatter()

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
    """Adds the context and masks secrets in message, traceback and stack.

    Works on a copy: the record belongs to all handlers.
    """

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        shown = copy.copy(record)
        for name, value in context.get().items():
            setattr(shown, name, value)
        shown.msg, shown.args = redact(record.getMessage()), ()
        if record.exc_info:
            text = record.exc_text or FORMATTER.formatException(record.exc_info)
            # Formatters prefer exc_info and would write it out once more, unmasked.
            shown.exc_text, shown.exc_info = redact(text), None
        if record.stack_info:
            shown.stack_info = redact(record.stack_info)
        return shown
