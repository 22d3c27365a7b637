"""What oauthlib asks of us while it walks through a request.

oauthlib knows the order of the checks of each grant; here stands what they are worth in
this tenant: which clients there are, what a code is bound to, what a token is for.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749 import errors

from agents.actions import EndDelegation, IssueAccess, RevokeToken
from agents.models import AgentToken
from agents.oauth import clients, grants, places, redirects
from agents.oauth.grants import CODE, REFRESH, Grant
from agents.states import AgentState
from agents.tools import catalogue
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import PaybillError

CLERK = actors.system("oauth", "agents.issue_token")
# It ends what was stolen, and what a client gives back.
GUARD = actors.system(
    "oauth",
    "agents.view_delegation",
    "agents.end_delegation",
    "agents.view_agenttoken",
    "agents.revoke_agenttoken",
)


class InvalidTarget(errors.OAuth2Error):  # type: ignore[misc]  # publishes no types
    """RFC 8707: the token is asked for something that is not here."""

    error = "invalid_target"


class Validator(RequestValidator):  # type: ignore[misc]  # publishes no types
    """One per request."""

    def __init__(self, http: HttpRequest, *, returning: bool = False) -> None:
        self.http = http
        self.returning = returning  # a browser is to be sent back to the client
        self.grant: Grant | None = None

    # --- the client -----------------------------------------------------------

    def _client(self, client_id: Any) -> clients.Known | None:
        asked_from = self.http.META.get("REMOTE_ADDR", "")
        return clients.find(client_id, asked_from=asked_from, returning=self.returning)

    def validate_client_id(self, client_id: Any, request: Any, *_: Any) -> bool:
        request.client = self._client(client_id)
        return request.client is not None

    def client_authentication_required(self, request: Any, *_: Any) -> bool:
        if _basic(request) or request.client_secret:
            return True
        client = self._client(request.client_id)
        return client is None or client.confidential

    def authenticate_client(self, request: Any, *_: Any) -> bool:
        name, secret = _basic(request) or (request.client_id, request.client_secret)
        client = self._client(name)
        if client is None or not client.confidential or not secret:
            return False
        if not client.row.check_secret(secret):
            return False
        request.client = client
        return True

    def authenticate_client_id(self, client_id: Any, request: Any, *_: Any) -> bool:
        client = self._client(client_id)
        if client is None or client.confidential:
            return False
        request.client = client
        return True

    def validate_grant_type(
        self, client_id: Any, grant_type: str, client: Any, request: Any, *_: Any
    ) -> bool:
        return grant_type in client.grant_types

    # --- the way to a consent ---------------------------------------------------

    def validate_redirect_uri(
        self, client_id: Any, redirect_uri: str, request: Any, *_: Any
    ) -> bool:
        return redirects.allowed(redirect_uri, request.client.redirect_uris)

    def get_default_redirect_uri(self, *_: Any) -> None:
        return None

    def validate_response_type(
        self, client_id: Any, response_type: str, client: Any, request: Any, *_: Any
    ) -> bool:
        return response_type == "code" and "authorization_code" in client.grant_types

    def is_pkce_required(self, client_id: Any, request: Any) -> bool:
        return True

    def get_default_scopes(self, client_id: Any, request: Any, *_: Any) -> list[str]:
        return sorted(catalogue.grantable())

    def validate_scopes(
        self, client_id: Any, scopes: Any, client: Any, request: Any, *_: Any
    ) -> bool:
        return bool(scopes) and set(scopes) <= catalogue.grantable()

    # --- the code -----------------------------------------------------------------

    def validate_code(
        self, client_id: Any, code: str, client: Any, request: Any, *_: Any
    ) -> bool:
        return self._shown(CODE, code, client, request)

    def confirm_redirect_uri(
        self,
        client_id: Any,
        code: str,
        redirect_uri: str,
        client: Any,
        request: Any,
        *_: Any,
    ) -> bool:
        return self.grant is not None and self.grant.redirect_uri == redirect_uri

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        return self.grant.challenge if self.grant else None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def invalidate_authorization_code(self, *_: Any) -> None:
        """It was spent with the token, in one transaction."""

    # --- the refresh token ----------------------------------------------------------

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *_: Any
    ) -> bool:
        return self._shown(REFRESH, refresh_token, client, request)

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any) -> Any:
        return self.grant.delegation.scopes if self.grant else []

    def rotate_refresh_token(self, request: Any) -> bool:
        return True

    def _shown(self, kind: Any, secret: str, client: Any, request: Any) -> bool:
        """A code or refresh token: good once. The second time ends the delegation."""
        found = grants.find(kind, secret, client.row) if client.row else None
        if found is None:
            return False
        if found.used:
            perform(EndDelegation, found.delegation, actor=GUARD, reason="shown twice")
            return False
        given = found.delegation
        if given.status != "active" or not given.person.is_active:
            return False
        self.grant = found
        request.user, request.scopes = given.person, list(given.scopes)
        return True

    # --- the token ------------------------------------------------------------------

    def save_bearer_token(self, token: Any, request: Any, *_: Any) -> None:
        """Issue it by the audited action, and write its secrets into the answer."""
        audience = places.resource(self.http)
        self._check_target(audience)
        agent = getattr(request.client.row, "agent", None)
        if agent is None or agent.state != AgentState.ACTIVE:
            raise errors.InvalidGrantError(request=request)
        asked = {
            "agent": agent.public_id,
            "delegation": self.grant.delegation.public_id if self.grant else "",
            "scopes": list(request.scopes),
            "audience": audience,
            "spent": self.grant.digest if self.grant else "",
        }
        try:
            made = perform(IssueAccess, None, asked, actor=CLERK).result
        except PaybillError as refusal:
            if refusal.members.get("rule") == "replay" and self.grant:
                given = self.grant.delegation
                perform(EndDelegation, given, actor=GUARD, reason="shown twice")
            raise errors.InvalidGrantError(request=request) from refusal
        token["access_token"] = made.secret
        token["expires_in"] = lifetime(made)
        token.pop("refresh_token", None)
        if made.refresh:
            token["refresh_token"] = made.refresh

    def save_token(self, token: Any, request: Any, *_: Any) -> None:
        self.save_bearer_token(token, request)

    def _check_target(self, audience: str) -> None:
        asked = set(self.http.POST.getlist("resource")) or {audience}
        bound = {self.grant.audience} if self.grant else {audience}
        if asked != {audience} or bound != {audience}:
            raise InvalidTarget

    def revoke_token(self, token: str, token_type_hint: Any, request: Any) -> None:
        """RFC 7009: a token of this client and, with it, what came of one consent."""
        row = getattr(request.client, "row", None)
        found = grants.find(REFRESH, token, row) if row else None
        if found is not None:
            perform(EndDelegation, found.delegation, actor=GUARD)
            return
        rows = AgentToken.objects.filter(digest=token_digest(token))
        access = rows.filter(agent__client=row).exclude(audience="").first()
        if row is not None and access is not None:
            perform(RevokeToken, access, actor=GUARD)


def lifetime(token: AgentToken) -> int:
    """Seconds that are left of a fresh token."""
    return int((token.expires_at - token.created_at).total_seconds())


def _basic(request: Any) -> tuple[str, str] | None:
    """Id and secret from ``Authorization: Basic``; both are form-encoded there."""
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(name), unquote_plus(secret)
