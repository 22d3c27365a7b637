"""Structured logs: who, where and what, with secrets taken out."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from django.http import HttpRequest

from paybill_site.kernel.redaction import redact

FORMATTER = logging.Formatter()
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
PLAIN = (str, int, float, bool)

NOTHING: Mapping[str, str] = MappingProxyType({})

context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=NOTHING)


@contextmanager
def said(**facts: str) -> Iterator[None]:
    """Add facts (request, tenant, actor, run) to every log line inside the block."""
    token = context.set({**context.get(), **{k: v for k, v in facts.items() if v}})
    try:
        yield
    finally:
        context.reset(token)


def note(**facts: str) -> None:
    """Add facts that are learnt on the way; they hold until the block around ends.

    Outside a ``said`` block nothing would take them away again: there they are dropped.
    """
    if context.get() is not NOTHING:
        context.set({**context.get(), **{k: v for k, v in facts.items() if v}})


class RedactingFilter(logging.Filter):
    """Adds the context and masks secrets in message, traceback, stack and extras.

    Works on a copy: the record belongs to all handlers. Of what a library adds
    (``extra``), a request becomes its id and plain values are masked; the rest, such
    as a query's parameters, can not be judged and stays away.
    """

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        shown = copy.copy(record)
        vars(shown).update(_extras(record))
        vars(shown).update(context.get())
        shown.msg, shown.args = redact(record.getMessage()), ()
        if record.exc_info:
            text = record.exc_text or FORMATTER.formatException(record.exc_info)
            # Formatters prefer exc_info and would write it out once more, unmasked.
            shown.exc_text, shown.exc_info = redact(text), None
        if record.stack_info:
            shown.stack_info = redact(record.stack_info)
        return shown


def _extras(record: logging.LogRecord) -> dict[str, str | float | None]:
    """What was added to an ordinary record, fit to be shown; None where it is not."""
    added = {k: v for k, v in vars(record).items() if k not in ORDINARY}
    return {name: _shown(value) for name, value in added.items()}


def _shown(value: object) -> str | float | None:
    if isinstance(value, HttpRequest):
        return str(value.META.get("PAYBILL_REQUEST_ID", "")) or None
    if isinstance(value, str):
        return redact(value)
    return value if isinstance(value, PLAIN) else None
