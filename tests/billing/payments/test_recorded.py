"""Stripe's answers in the shapes of the pinned version, and what we take from them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stripe as sdk

from billing.gateways.contract import Order, Return, Unknown
from billing.gateways.stripe import methods, payments, returns
from billing.rating.conventions import STRIPE
from paybill_site.kernel import web
from paybill_site.kernel.errors import NotFound, Unavailable
from tests.billing.payments.desk import KEY

RECORDED = Path(__file__).parent / "recorded"
CLASSES: dict[str, Any] = {
    "payment_intent": sdk.PaymentIntent,
    "checkout.session": sdk.checkout.Session,
    "setup_intent": sdk.SetupIntent,
    "payment_method": sdk.PaymentMethod,
    "refund": sdk.Refund,
    "dispute": sdk.Dispute,
}
ORDER = Order(
    key="pay_00000000000000000000000001",
    amount=3000,
    currency="EUR",
    payer="cus_Q1",
    method="pm_1Q0001",
    purpose="Invoice 2026-000001",
    back="https://paybill.example/payments/pay_1/back/",
)

type Answers = Callable[..., list[tuple[str, str, str]]]


def shape(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


@pytest.fixture
def answers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """``answers((status, shape), ...)``: what Stripe says next, and hears."""
    settings.PAYBILL_STRIPE_SECRET_KEY = KEY

    def say(*said: tuple[int, Any]) -> list[tuple[str, str, str]]:
        heard: list[tuple[str, str, str]] = []
        coming = iter(said)

        def call(method: str, url: Any, **options: Any) -> web.Answer:
            heard.append((method, url.path, (options["body"] or b"").decode()))
            status, body = next(coming)
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Answer(status, {}, text.encode())

        monkeypatch.setattr(
            web,
            "target_of",
            lambda url, own: web.Target(
                "https",
                "api.stripe.com",
                443,
                url.removeprefix("https://api.stripe.com"),
                (),
            ),
        )
        monkeypatch.setattr(web, "call", call)
        return heard

    return say


def objects(thing: Any) -> list[dict[str, Any]]:
    """Every object of Stripe's inside a shape."""
    if isinstance(thing, dict):
        inner = [o for value in thing.values() for o in objects(value)]
        return [thing, *inner] if "object" in thing else inner
    return []


@pytest.mark.parametrize("name", sorted(p.stem for p in RECORDED.glob("*.json")))
def test_a_shape_has_only_what_the_pinned_version_has(name: str) -> None:
    assert sdk.api_version == "2026-10-28.endive"
    for thing in objects(shape(name)):
        known = CLASSES[thing["object"]].__annotations__.keys()
        assert thing.keys() <= known, thing["object"]


def test_it_is_asked_for_as_documented(answers: Answers) -> None:
    heard = answers((200, shape("intent_succeeded")))
    charged = payments.charge(ORDER)
    assert (charged.state, charged.amount, charged.currency) == (
        "succeeded",
        3000,
        "EUR",
    )
    assert (charged.key, charged.reference) == (ORDER.key, "pi_3Q0001")
    [(method, path, body)] = heard
    assert (method, path) == ("POST", "/v1/payment_intents")
    for part in ("amount=3000", "currency=eur", "confirm=true", "off_session=true"):
        assert part in body
    assert f"metadata[payment]={ORDER.key}" in body


@pytest.mark.parametrize(
    ("name", "code", "hard", "words"),
    [
        (
            "declined_soft",
            "insufficient_funds",
            False,
            "Your card has insufficient funds.",
        ),
        # What only the bank should know is not told.
        ("declined_hard", "stolen_card", True, "Your card was declined."),
    ],
)
def test_declines(
    answers: Answers, name: str, code: str, hard: bool, words: str
) -> None:
    answers((402, shape(name)))
    charged = payments.charge(ORDER)
    assert (charged.state, charged.code, charged.hard) == ("failed", code, hard)
    assert (charged.failure, charged.reference) == (words, "pi_3Q0001")


def test_a_bank_that_wants_the_customer_is_given_the_customer(answers: Answers) -> None:
    heard = answers((402, shape("declined_absent")), (200, shape("intent_asks")))
    charged = payments.charge(ORDER)
    assert charged.state == "needs_confirmation"
    assert charged.confirm_at.startswith("https://hooks.stripe.com/3d_secure_2/")
    assert heard[1][1] == "/v1/payment_intents/pi_3Q0001/confirm"
    assert "off_session" not in heard[1][2]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("intent_processing", "processing"),
        ("intent_canceled", "failed"),
        ("intent_asks", "needs_confirmation"),
        ("intent_succeeded", "succeeded"),
    ],
)
def test_how_a_payment_stands(answers: Answers, name: str, state: str) -> None:
    answers((200, shape(name)))
    assert payments.look_up("pi_3Q0001").state == state


def test_what_stripe_takes_for_wrong_charged_nothing(answers: Answers) -> None:
    answers((400, shape("refused")))
    charged = payments.charge(ORDER)
    assert (charged.state, charged.code) == (
        "failed",
        "payment_method_customer_mismatch",
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, {"error": {"type": "api_error", "message": "oops"}}, Unknown),
        (502, "<html>bad gateway</html>", Unknown),
        (429, {"error": {"code": "rate_limit"}}, Unknown),
        (409, {"error": {"code": "idempotency_key_in_use"}}, Unknown),
        (400, {"error": {"type": "idempotency_error"}}, Unknown),
        (401, {"error": {"type": "invalid_request_error"}}, Unavailable),
        (200, "no json", Unknown),
    ],
)
def test_no_clear_answer_is_no_outcome(
    answers: Answers, status: int, body: Any, error: type[Exception]
) -> None:
    answers((status, body))
    with pytest.raises(error) as raised:
        payments.charge(ORDER)
    assert KEY not in str(raised.value)


def test_what_is_not_there_is_not_found(answers: Answers) -> None:
    answers(
        (404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})
    )
    with pytest.raises(NotFound):
        payments.look_up("pi_other")


def test_a_card_from_checkout(answers: Answers) -> None:
    heard = answers((200, shape("session_complete")))
    kept = methods.look_at_setup("cs_test_a1")
    assert (kept.state, kept.label) == ("active", "Mastercard ending 4444")
    assert (kept.reference, str(kept.expires)) == ("pm_1Q0001", "2028-02-29")
    assert "expand" in heard[0][1]


@pytest.mark.parametrize(
    ("name", "done", "failed"),
    [("refund_pending", False, False), ("refund_failed", False, True)],
)
def test_refunds(answers: Answers, name: str, done: bool, failed: bool) -> None:
    answers((200, shape(name)))
    wanted = Return(key="rfd_1", payment="pi_3Q0001", amount=3000, currency="EUR")
    returned = returns.give_back(wanted)
    assert (returned.done, returned.failed) == (done, failed)
    assert returned.key == "rfd_00000000000000000000000001"


def test_a_dispute(answers: Answers) -> None:
    answers((200, shape("dispute_lost")))
    disputed = returns.look_at_dispute("dp_1Q0001")
    assert (disputed.state, disputed.payment) == ("lost", "pi_3Q0001")


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (3000, "EUR", 3000),
        (500, "JPY", 500),
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
        (5000, "KWD", 5000),
        (300, "MGA", 3),
    ],
)
def test_currencies_that_stripe_counts_otherwise(
    answers: Answers, minor: int, currency: str, sent: int
) -> None:
    intent = shape("intent_succeeded")
    intent |= {"amount": sent, "amount_received": sent, "currency": currency.lower()}
    heard = answers((200, intent))
    charged = payments.charge(
        dataclasses.replace(ORDER, amount=minor, currency=currency)
    )
    assert f"amount={sent}&" in heard[0][2]
    assert (charged.amount, charged.currency) == (minor, currency)


def test_the_smallest_amounts_are_stripes() -> None:
    assert (STRIPE.least["EUR"], STRIPE.least["GBP"], STRIPE.least["JPY"]) == (
        50,
        30,
        50,
    )
