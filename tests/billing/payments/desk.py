"""What the stories of payments do over and over."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import urllib3

from billing.actions import LookAtMethod, SetUpMethod
from billing.gateways import asking
from billing.models import Invoice, Payment, PaymentMethod, Subscription
from billing.sandbox.actions import AddTestMethod
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery
from tenants.models import Account

KEY, HOOK_SECRET, OLD_SECRET = "sk_test_12345", "whsec_" + "n" * 32, "whsec_" + "o" * 32
VISA, DECLINED = "4242424242424242", "4000000000000341"
ASKING = "4000002500003155"


class Server:
    """The Stripe that runs on loopback for these tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = urllib3.PoolManager()

    def log(self, path: str = "", method: str = "POST") -> list[dict[str, str]]:
        """The requests that came, those with this path."""
        rows: list[dict[str, str]] = self.http.request(
            "GET", f"{self.address}/_config/log"
        ).json()
        return [r for r in rows if path in r["path"] and r["method"] == method]

    def intents(self) -> list[dict[str, Any]]:
        """Every payment it knows."""
        found: list[dict[str, Any]] = self.get("payment_intents?limit=100")["data"]
        return found

    def paid_for(self, payment: Payment) -> list[dict[str, Any]]:
        """The charges that went through for one of our payments."""
        return [
            intent
            for intent in self.intents()
            if intent["metadata"].get("payment") == payment.public_id
            and intent["status"] == "succeeded"
        ]

    def get(self, path: str) -> dict[str, Any]:
        answer = self.http.request(
            "GET",
            f"{self.address}/v1/{path}",
            headers={"Authorization": f"Bearer {KEY}"},
        )
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, data: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.request(
            "POST",
            f"{self.address}{path}",
            body=json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
        )
        found: dict[str, Any] = answer.json() if answer.data else {}
        return found

    def form(self, path: str, fields: dict[str, str]) -> None:
        """As the SDK sends it: urlencoded, with the key."""
        self.http.request_encode_body(
            "POST",
            f"{self.address}{path}",
            fields=fields,
            encode_multipart=False,
            headers={"Authorization": f"Bearer {KEY}"},
        )

    def confirm(self, payment: Payment) -> None:
        """The customer answers the bank."""
        intent = self.get(f"payment_intents/{payment.reference}")
        answer = {"client_secret": intent["client_secret"], "success": "true"}
        self.form(f"/v1/payment_intents/{intent['id']}/_authenticate", answer)

    def tell(self, address: str, secret: str) -> None:
        """Let it send its webhooks there."""
        self.form("/_config/webhooks/here", {"url": address, "secret": secret})

    def fill_in(self, setup: str, number: str) -> None:
        """The customer fills a card in on Checkout."""
        card = {"number": number, "exp_month": 4, "exp_year": 2030, "cvc": "123"}
        self.post(f"/_config/checkout/{setup}", card)


def drain() -> None:
    """Let everything follow that has to."""
    while outbox.drain():
        pass


def sandbox_card(account: Account, card: str, actor: Actor) -> PaymentMethod:
    """A stored method of the sandbox; the first one is the default."""
    made = perform(AddTestMethod, account, {"card": card}, actor=actor)
    return made.result


def at_stripe(
    server: Server,
    account: Account,
    number: str,
    actor: Actor,
    *,
    collect: bool = True,
) -> PaymentMethod:
    """A card that was filled in on Checkout and is stored at Stripe.

    It pays what is open, unless ``collect`` says that this is left for later.
    """
    method = perform(SetUpMethod, account, {"gateway": "stripe"}, actor=actor).result
    drain()
    method.refresh_from_db()
    server.fill_in(method.setup, number)
    if collect:
        perform(LookAtMethod, method, actor=actor)
        drain()
    else:
        asking.look_at_method(method.public_id)
        Delivery.objects.filter(handler="gateways.collect_open").delete()
    method.refresh_from_db()
    return method


def only_payment(of: Subscription | Invoice) -> Payment:
    """The one payment that there is."""
    if isinstance(of, Invoice):
        return of.payments.get()
    return Payment.objects.get(invoice__subscription=of)


def event_about(thing: dict[str, Any], kind: str, name: str = "evt_1") -> bytes:
    """An event as Stripe sends it, about an object as it was then."""
    event = {
        "id": name,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "type": kind,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": thing},
    }
    return json.dumps(event, indent=2).encode()


def signature(body: bytes, *secrets: str, at: int | None = None) -> str:
    """The header that Stripe would send; with several secrets, several signatures."""
    when = int(time.time()) if at is None else at
    signed = b"%d.%s" % (when, body)
    made = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in secrets]
    return ",".join([f"t={when}", *(f"v1={one}" for one in made)])
