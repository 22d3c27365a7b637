"""One line in the log for each request: who asked for what where, and no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from pythonjsonlogger.json import JsonFormatter

from paybill_site.accounts.models import User
from paybill_site.kernel.logs import RedactingFilter
from paybill_site.kernel.planes import Place
from tenants.models import Tenant
from tests.agents.conftest import license_plane
from tests.agents.people import enter, person
from tests.cast import LogIn, browser

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the product writes to standard error meanwhile, line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    given = dict(settings.LOGGING["formatters"]["json"])
    del given["()"]
    handler.setFormatter(JsonFormatter(fmt=given.pop("format"), **given))
    log = logging.getLogger("paybill_site.requests")
    log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)


def test_a_line_names_request_tenant_and_actor(in_a: Place, lines: Lines) -> None:
    license_plane(in_a)
    staff = person("owner")
    client = enter(browser("ta.localhost"), staff)
    answer = client.get("/orders/")
    line = lines()[-1]
    assert line["request"] == answer["X-Request-ID"]
    assert line["tenant"] == in_a.tenant
    assert line["actor"] == staff.public_id
    assert line["message"] == "GET orders/ 200"
    assert line["level"] == "INFO"


def test_a_line_of_the_control_plane_names_the_person(
    log_in: LogIn, owner_user: User, live_tenant: Tenant, lines: Lines
) -> None:
    log_in(owner_user).get(f"/tenants/{live_tenant.public_id}/?next=/secret")
    line = lines()[-1]
    assert line["actor"] == owner_user.public_id
    assert "tenant" not in line
    assert line["message"] == "GET tenants/<public_id>/ 200"


def test_what_stands_in_an_address_is_not_written(control: Place, lines: Lines) -> None:
    browser().get("/accounts/password/reset/key/0-set-password-hunter2/?token=hunter2")
    assert "hunter2" not in json.dumps(lines())
    assert lines()


def test_monitors_leave_no_lines(control: Place, lines: Lines) -> None:
    browser().get("/health/live")
    assert lines() == []


def test_an_id_of_ours_is_kept_and_another_replaced(control: Place) -> None:
    good, bad = "req-from-the-proxy", "req\tforged"
    kept = browser().get("/health/live", headers={"x-request-id": good})
    assert kept["X-Request-ID"] == good
    made = browser().get("/health/live", headers={"x-request-id": bad})
    assert made["X-Request-ID"].startswith("req_")
