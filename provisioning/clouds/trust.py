"""What an operator tells a cloud, so that it trusts Paybill: words to copy.

The subject patterns are those of ``identity.tokens``; what a cloud can not match (a
pattern at Azure, a foreign token at IBM) is said here and in docs/clouds.md.
"""

from __future__ import annotations

from django.conf import settings

from provisioning.clouds.facts import audience_of
from provisioning.identity.tokens import Purpose, subject_pattern
from provisioning.models import CloudAccount
from provisioning.states import Method

NO_HTTPS = (
    "Clouds fetch keys over https from a public address only; PAYBILL_BASE_URL is none."
)
WORDS = {
    Method.STATIC: "A key that does not end is kept sealed. Prefer a trust, where the"
    " cloud offers one.",
    Method.NONE: "Nothing has to be set up.",
}


def instructions(account: CloudAccount) -> list[tuple[str, str]]:
    """What to copy, by name: issuer, audience, and a subject for each identity."""
    if account.method in WORDS:
        return [("How Paybill gets in", WORDS[Method(account.method)])]
    audience = audience_of(account.cloud, account.details)
    if not audience:
        return [
            (
                "How Paybill gets in",
                "With the API key of a service id, which is sealed here, Paybill asks"
                " IBM for a token of an hour for each trusted profile. Let that service"
                " id assume the three profiles and nothing else.",
            )
        ]
    address = settings.PAYBILL_BASE_URL
    warned = [] if address.startswith("https://") else [("Careful", NO_HTTPS)]
    return [
        *warned,
        ("Issuer", address),
        ("Keys", f"{address}/.well-known/jwks.json"),
        ("Audience", audience),
        *(
            (f"Subject to {purpose}", subject_pattern(account, purpose))
            for purpose in Purpose
        ),
    ]
