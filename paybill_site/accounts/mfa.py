"""Second factors: their secrets are sealed in the database, as every secret is."""

from __future__ import annotations

import base64

from allauth.mfa.adapter import DefaultMFAAdapter

from paybill_site.kernel.crypto import seal, unseal

LABEL = "mfa.authenticator.secret"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # publishes no types
    """Stock, but for what is stored."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(text.encode(), LABEL)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(base64.b64decode(encrypted_text), LABEL).decode()
