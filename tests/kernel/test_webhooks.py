"""Signatures and schedules of Standard Webhooks, from both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from paybill_site.kernel import webhooks
from paybill_site.kernel.webhooks import Forged

NAME, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)
SIGNED = webhooks.headers(NAME, 1614265330, BODY, [SECRET])


def test_the_published_example_is_signed_as_published() -> None:
    """From the reference libraries of standardwebhooks.com."""
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert SIGNED["webhook-signature"] == expected
    webhooks.verify(SIGNED, BODY, [SECRET], now=AT)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"webhook-id": "msg_other"}, "no signature"),
        ({"webhook-timestamp": "1614265331"}, "no signature"),
        ({"webhook-signature": ""}, "no signature"),
        ({"webhook-signature": "v1,AAAA"}, "no signature"),
        ({"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVl="}, "no sig"),
        ({"webhook-timestamp": "soon"}, "missing"),
        ({"webhook-timestamp": "\u0661\u0662"}, "missing"),
        ({"webhook-timestamp": "9" * 40}, "missing"),
        ({"webhook-id": ""}, "missing"),
    ],
)
def test_what_is_not_genuine_is_forged(changed: dict[str, str], why: str) -> None:
    with pytest.raises(Forged, match=why):
        webhooks.verify({**SIGNED, **changed}, BODY, [SECRET], now=AT)


def test_another_body_and_another_secret_are_forged() -> None:
    with pytest.raises(Forged):
        webhooks.verify(SIGNED, BODY + b" ", [SECRET], now=AT)
    with pytest.raises(Forged):
        webhooks.verify(SIGNED, BODY, [webhooks.new_secret(), "whsec_%"], now=AT)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_one_and_one_from_the_future_are_stale(minutes: int) -> None:
    later = AT + timedelta(minutes=minutes)
    with pytest.raises(Forged, match="too far"):
        webhooks.verify(SIGNED, BODY, [SECRET], now=later)
    webhooks.verify(SIGNED, BODY, [SECRET], now=later, tolerance=None)


def test_during_a_rotation_either_secret_verifies() -> None:
    fresh = webhooks.new_secret()
    both = webhooks.good(fresh, SECRET, AT + timedelta(hours=1), AT)
    signed = webhooks.headers(NAME, 1614265330, BODY, both)
    assert len(signed["webhook-signature"].split()) == 2
    for secret in (fresh, SECRET):
        webhooks.verify(signed, BODY, [secret], now=AT)
    assert webhooks.good(fresh, SECRET, AT, AT) == [fresh]


def test_attempts_are_those_of_the_specification() -> None:
    said = ["0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05"]
    assert [str(at) for at in webhooks.times()[:6]] == said
    assert webhooks.times()[-1] == timedelta(hours=75, minutes=35, seconds=5)
    assert webhooks.delay_before(1) == timedelta()
    assert webhooks.delay_before(len(webhooks.SCHEDULE) + 1) is None


def test_jitter_puts_an_attempt_later_and_never_earlier() -> None:
    after = [webhooks.again(1, "", AT) for _ in range(50)]
    waits = {(at - AT).total_seconds() for at in after if at}
    assert len(waits) > 10
    assert 5 <= min(waits) <= max(waits) <= 5.5


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Thu, 25 Feb 2021 15:04:10 GMT", 120),
        ("Thu, 25 Feb 2021 15:00:00 GMT", 0),
        ("99999999", 86400),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("9" * 50, 0),
        ("Thu, 99 Feb 2021 15:00:00 GMT", 0),
    ],
)
def test_a_receiver_may_ask_for_time(said: str, seconds: int) -> None:
    now = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
    assert webhooks.retry_after(said, now) == timedelta(seconds=seconds)


def test_asking_for_time_never_brings_an_attempt_forward() -> None:
    later = webhooks.again(2, "1", AT)
    assert later is not None
    assert later >= AT + timedelta(minutes=5)
    assert webhooks.again(len(webhooks.SCHEDULE), "60", AT) is None
