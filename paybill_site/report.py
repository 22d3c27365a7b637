"""A tenant's own server says how it is, signed, to the control plane that asks.

Who asks shows a word signed with the control plane's key ``entry`` for this tenant;
the number in it is the audience of the answer, so no answer serves twice.
"""

from __future__ import annotations

import time

import jwt
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paybill_site.kernel import planes, schema
from paybill_site.kernel.crypto import private_key, public_key
from paybill_site.kernel.errors import Unauthenticated, problem_response
from paybill_site.kernel.models import Licence

ASKS, ISSUER = "report", "paybill.silo"
LIFETIME = 60  # seconds
MADE = "SELECT obj_description(to_regnamespace(%s)::oid, 'pg_namespace')"


@never_cache
@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """What this server is, as it stands now."""
    if settings.PAYBILL_MODE != "tenant":
        raise Http404
    nonce = _nonce(request)
    if not nonce:
        return problem_response(Unauthenticated())
    now = int(time.time())
    made, licence, reached = _looked()
    claims = {
        "iss": ISSUER,
        "aud": nonce,
        "sub": planes.here().tenant,
        "iat": now,
        "exp": now + LIFETIME,
        "code": schema.version(),
        "made": made,
        "licence": licence,
        "database": reached,
    }
    signed = jwt.encode(claims, private_key("audit"), algorithm="EdDSA")
    return HttpResponse(signed, content_type="application/jwt")


def _nonce(request: HttpRequest) -> str:
    """The number in a valid question, or ""."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer":
        return ""
    try:
        claims = jwt.decode(
            token,
            public_key("entry"),
            algorithms=["EdDSA"],
            audience=ASKS,
            options={"require": ["aud", "exp", "iat", "tenant", "nonce"]},
        )
    except jwt.InvalidTokenError:
        return ""
    mine = claims["tenant"] == planes.here().tenant
    return str(claims["nonce"])[:100] if mine else ""


def _looked() -> tuple[str, int, bool]:
    """Version of the database's plane, of the licence, and whether all was reached."""
    try:
        with planes.cursor() as cursor:
            cursor.execute(MADE, [planes.here().schema])
            made = str(cursor.fetchone()[0] or "")
        newest = Licence.newest()
    except DatabaseError:
        return "", 0, False
    return made, newest.version if newest else 0, True
