"""The SDK's client, speaking through Paybill's one outgoing HTTP client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import stripe
from django.conf import settings

from billing.gateways.contract import NotOffered, Unknown
from paybill_site.kernel import web
from paybill_site.kernel.errors import NotFound, Unavailable

# Nothing about our requests is told to anybody but in the request itself.
stripe.enable_telemetry = False
TIMEOUT = 30.0


class Outgoing(stripe.HTTPClient):
    """Sends the SDK's requests by ``kernel.web``; retries nothing by itself."""

    name = "paybill"

    def __init__(self, *, own: bool) -> None:
        super().__init__()
        self.own = own

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send one request. Raises APIConnectionError when there is no answer."""
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            target = web.target_of(url, own=self.own)
            answer = web.call(
                method.upper(), target, headers=headers, body=body, timeout=TIMEOUT
            )
        except (web.Refused, web.Unreachable) as error:
            raise stripe.APIConnectionError(error.detail) from None  # type: ignore[no-untyped-call]
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        """Nothing is kept open."""


def client() -> stripe.StripeClient:
    """The client of this installation. Raises NotOffered without a key."""
    if not settings.PAYBILL_STRIPE_SECRET_KEY:
        raise NotOffered("Stripe is not set up here: PAYBILL_STRIPE_SECRET_KEY")
    return _client(settings.PAYBILL_STRIPE_SECRET_KEY, settings.PAYBILL_STRIPE_API)


@cache
def _client(key: str, api: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": api},
        http_client=Outgoing(own=api != stripe.DEFAULT_API_BASE),
        max_network_retries=0,
    )


@contextmanager
def doubts() -> Iterator[None]:
    """Say in our words what the SDK raises; no answer is no outcome.

    Raises NotFound, Unknown (no answer, too busy, broken, a key in use elsewhere) or
    Unavailable (our own key is refused). What Stripe refuses for good, a card or a
    parameter, passes as the SDK's error to whoever knows what it means.
    """
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise NotFound("Stripe knows no such object") from None
        raise
    except stripe.CardError:
        raise
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise Unavailable(f"Stripe refuses our key: {type(error).__name__}") from None
    except stripe.StripeError as error:
        raise Unknown(f"Stripe: {type(error).__name__}") from None
