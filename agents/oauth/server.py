"""oauthlib put together with just what this server speaks: three grants, S256 alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import (
    code_challenge_method_s256,
)

from agents.oauth.validator import Validator

type Shown = tuple[dict[str, str], Any, int]


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # publishes no types
    """A code for the client that can prove who asked for it, by SHA-256."""

    _code_challenge_methods = {"S256": code_challenge_method_s256}


def asked(request: HttpRequest) -> tuple[list[str], Any]:
    """Check a request for consent; the scopes, and oauthlib's request.

    Raises FatalClientError, which the browser is not sent back with, and OAuth2Error,
    which it is.
    """
    validator = Validator(request, returning=True)
    bearer = BearerToken(validator)
    grant = CodeGrant(validator)
    endpoint = AuthorizationEndpoint("code", bearer, {"code": grant})
    uri, _, _, headers = _parts(request)
    scopes, about = endpoint.validate_authorization_request(uri, "GET", "", headers)
    return list(scopes), about["request"]


def token(request: HttpRequest) -> Shown:
    """Answer a request for a token. Raises OAuth2Error."""
    validator = Validator(request)
    bearer = BearerToken(validator, token_generator=_later)
    grants = {
        "authorization_code": CodeGrant(validator),
        "refresh_token": RefreshTokenGrant(validator),
        "client_credentials": ClientCredentialsGrant(validator),
    }
    endpoint = TokenEndpoint("none", bearer, grants)
    endpoint._default_grant_type = "authorization_code"
    shown: Shown = endpoint.create_token_response(*_parts(request))
    return shown


def revocation(request: HttpRequest) -> Shown:
    """Answer a request to revoke a token. Raises OAuth2Error."""
    endpoint = RevocationEndpoint(Validator(request))
    shown: Shown = endpoint.create_revocation_response(*_parts(request))
    return shown


def _later(request: Any) -> str:
    """The secrets are made with their rows, in one transaction."""
    return ""


def _parts(request: HttpRequest) -> tuple[str, str, str, dict[str, str]]:
    """The request as oauthlib takes it; of headers only what it reads."""
    # Encoded anew: what Django reads and oauthlib does not is a ValueError there.
    query, body = (
        urlencode([(k, v) for k, many in form.lists() for v in many])
        for form in (request.GET, request.POST)
    )
    uri = f"{request.path}?{query}" if query else request.path
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if given := request.headers.get("Authorization", ""):
        headers["Authorization"] = given
    return uri, request.method or "", body, headers
