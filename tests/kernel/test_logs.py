"""Log lines as the product writes them: with context, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import RequestFactory
from pythonjsonlogger.json import JsonFormatter

from paybill_site.kernel.logs import RedactingFilter, note, said

SECRET = "hunter2-very-secret"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JsonFormatter("{levelname}{message}", style="{"))
    log.addHandler(handler)
    yield stream
    log.removeHandler(handler)


log = logging.getLogger("tests.logs")
log.propagate = False


def test_a_secret_in_message_or_arguments_is_masked(written: io.StringIO) -> None:
    log.warning("password=%s for %s", SECRET, "x")
    assert SECRET not in written.getvalue()
    line = json.loads(written.getvalue())
    assert line["message"] == "password=[redacted] for x"


def test_a_secret_in_a_traceback_is_masked(written: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot connect: password={SECRET} host=x")
    except ValueError:
        log.exception("it failed")
    assert SECRET not in written.getvalue()
    assert "ValueError: cannot connect" in json.loads(written.getvalue())["exc_info"]


def test_other_handlers_keep_the_record_as_it_was(written: io.StringIO) -> None:
    seen: list[logging.LogRecord] = []
    other = logging.Handler()
    other.emit = seen.append  # type: ignore[assignment]
    log.addHandler(other)
    try:
        log.warning("to %s", "somebody")
    finally:
        log.removeHandler(other)
    assert seen[0].args == ("somebody",)


def test_a_line_says_where_it_belongs(written: io.StringIO) -> None:
    with said(request="req_1", tenant=""), said(run="run_1"):
        log.warning("planned")
    line = json.loads(written.getvalue())
    assert line["request"] == "req_1"
    assert line["run"] == "run_1"
    assert "tenant" not in line


def test_a_request_is_shown_by_its_id(written: io.StringIO) -> None:
    request = RequestFactory().get(f"/entry/?code={SECRET}")
    request.META["PAYBILL_REQUEST_ID"] = "req_1"
    log.warning("Not Found", extra={"request": request, "status_code": 404})
    line = json.loads(written.getvalue())
    assert (line["request"], line["status_code"]) == ("req_1", 404)
    with said(request="req_2"):
        log.warning("Not Found", extra={"request": object()})
    assert json.loads(written.getvalue().splitlines()[-1])["request"] == "req_2"


def test_what_a_library_adds_is_masked_or_left_out(written: io.StringIO) -> None:
    address = f"postgresql://paybill:{SECRET}@db/paybill"
    added = {"params": [SECRET], "address": address, "duration": 0.1}
    log.warning("slow", extra=added)
    assert SECRET not in written.getvalue()
    line = json.loads(written.getvalue())
    assert line["params"] is None
    assert line["duration"] == 0.1
    assert line["address"].startswith("postgresql://paybill:[redacted]")


def test_what_is_learnt_on_the_way_holds_until_the_block_ends(
    written: io.StringIO,
) -> None:
    with said(request="req_1"):
        note(actor="usr_1")
        log.warning("inside")
    log.warning("after")
    inside, after = (json.loads(line) for line in written.getvalue().splitlines())
    assert (inside["request"], inside["actor"]) == ("req_1", "usr_1")
    assert not {"request", "actor"} & set(after)
