"""What allauth's models of OAuth ask of us."""

from __future__ import annotations

import secrets

from allauth.idp.oidc.adapter import DefaultOIDCAdapter


class OAuthAdapter(DefaultOIDCAdapter):  # type: ignore[misc]  # publishes no types
    """Secrets of 256 random bits; digests are allauth's own (SHA-256)."""

    def generate_client_secret(self) -> str:
        return secrets.token_urlsafe(32)
