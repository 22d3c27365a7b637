"""Usage over HTTP: with a key of the account, one event or a batch, answered each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.models import Meter, UsageBatch, UsageEvent
from billing.rating.usage import Aggregation
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.keys.actions import CreateKey
from tenants.models import Account, Tenant
from tests.billing.usage.desk import a_meter, an_event, taken_back
from tests.cast import LogIn, browser

PATH = "/api/usage/events"


@pytest.fixture
def meter(tenant: Tenant) -> Meter:
    return a_meter(Aggregation.SUM, "bytes_sent")


@pytest.fixture
def key(account: Account, owner: Actor) -> str:
    said = {"name": "collector", "scopes": ["usage:write"]}
    return str(perform(CreateKey, account, said, actor=owner).result.secret)


def post(key: str, body: Any, content: str = "application/json") -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return browser().post(
        PATH, text, content, headers={"Authorization": f"Bearer {key}"}
    )


def test_a_batch_is_answered_event_by_event(
    tenant: Tenant, meter: Meter, key: str
) -> None:
    good, bad = an_event(tenant, meter), an_event(tenant, "nothing")
    answer = post(key, {"events": [good, bad, good]})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["accepted"], said["duplicates"], said["refused"]) == (1, 1, 1)
    assert said["events"] == [
        {"index": 0, "status": "accepted"},
        {
            "index": 1,
            "status": "refused",
            "reason": "meter: there is no such meter",
        },
        {"index": 2, "status": "duplicate"},
    ]
    assert said["id"] == UsageBatch.objects.get().public_id


def test_one_event_alone_is_accepted_or_is_a_problem(
    tenant: Tenant, meter: Meter, key: str
) -> None:
    event = an_event(tenant, meter)
    assert post(key, event).json()["accepted"] == 1
    assert post(key, event).json()["duplicates"] == 1
    answer = post(key, {**event, "tenant": "ten_none"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("12", "12"), ("0.1", "0.1"), ("123456789012345.123456789", None)],
)
def test_numbers_are_kept_to_the_last_digit(
    tenant: Tenant, meter: Meter, key: str, sent: str, kept: str | None
) -> None:
    event = json.dumps(an_event(tenant, meter, properties={"n": "@"}))
    assert post(key, event.replace('"@"', sent)).json()["accepted"] == 1
    assert f"{UsageEvent.objects.get().value:f}".rstrip("0") == (kept or sent)


@pytest.mark.parametrize("sent", ["NaN", "-Infinity", "1e3", "1E-2", "9" * 30, "true"])
def test_what_is_no_plain_number_is_refused(
    tenant: Tenant, meter: Meter, key: str, sent: str
) -> None:
    event = json.dumps(an_event(tenant, meter, properties={"n": "@"}))
    answer = post(key, '{"events": [' + event.replace('"@"', sent) + "]}").json()
    assert answer["detail"].startswith("properties.n: ")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422),
        ("{", 400),
        ("[" * 100_000, 400),
        (b"\xff\xfe", 400),
        ("[]", 422),
        ("7", 422),
        ('{"events": {}}', 422),
        ('{"events": []}', 422),
        ('{"events": [], "more": 1}', 422),
        ({"events": [{}] * 1001}, 422),
    ],
)
def test_a_malformed_body_is_refused_whole(
    meter: Meter, key: str, body: Any, status: int
) -> None:
    answer = post(key, body)
    assert (answer.status_code, answer["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    assert not UsageBatch.objects.exists()


def test_a_batch_of_a_thousand_of_anything_is_answered(key: str) -> None:
    odd: list[Any] = [None, 7, "x", [], {}, {"id": {}}, {"id": "1" * 10**5}]
    answer = post(key, {"events": (odd * 143)[:1000]})
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "unfit")
    assert said["detail"] == "none of these 1000 events can be taken"
    assert {one["status"] for one in said["events"]} == {"refused"}
    assert not UsageBatch.objects.exists()


def test_a_key_needs_its_scope_and_its_own_tenant(
    tenant: Tenant, meter: Meter, account: Account, owner: Actor, outsider: Actor
) -> None:
    event = an_event(tenant, meter)
    said = {"name": "reader", "scopes": ["usage:read"]}
    reader = perform(CreateKey, account, said, actor=owner).result.secret
    assert post(reader, event).status_code == 403
    assert post("pbk_key_nobody", event).status_code == 401
    other = Account.objects.get(name="Other")
    wide = {"name": "theirs", "scopes": ["usage:write"]}
    theirs = perform(CreateKey, other, wide, actor=outsider).result.secret
    answer = post(theirs, event)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "tenant: there is no such tenant",
    )


def test_a_key_does_not_lower_the_bill(tenant: Tenant, meter: Meter, key: str) -> None:
    event = an_event(tenant, meter)
    post(key, event)
    assert "permission to correct" in post(key, taken_back(event)).json()["detail"]


def test_operators_declare_meters_and_customers_see_them(
    log_in: LogIn, operator_user: User, owner_user: User, account: Account
) -> None:
    said = {
        "code": "seats_used",
        "name": "Seats",
        "aggregation": "max",
        "value_from": "seats",
        "carried": True,
        "unit": "seat",
        "units": "seats",
    }
    operator, customer = log_in(operator_user), log_in(owner_user)
    sent: dict[str, Any] = {"content_type": "application/json"}
    made = operator.post("/api/meters", said, **sent)
    assert made.status_code == 201
    for wrong in (
        {"aggregation": "median"},
        {"value_from": ""},
        {"key_from": "user"},
        {"aggregation": "count"},
        {"code": "Seats"},
    ):
        assert (
            operator.post("/api/meters", {**said, **wrong}, **sent).status_code == 422
        )
    assert customer.post("/api/meters", said, **sent).status_code == 403
    (seen,) = customer.get("/api/meters").json()["results"]
    assert (seen["code"], seen["carried"]) == ("seats_used", True)
    assert browser().get("/api/meters").status_code == 401
    retire = f"/api/meters/{made.json()['id']}/retire"
    assert operator.post(retire, {}, **sent).status_code == 200
