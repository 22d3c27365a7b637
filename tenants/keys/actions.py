"""How keys come to be and are taken back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from pydantic import Field

from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.inputs import example
from tenants.errors import TooManyKeys
from tenants.keys.scopes import Scope, of_role
from tenants.models import Account, ApiKey, Membership
from tenants.states import Role

KEY = "pbk_key_"  # how every key begins, so that scanners find it
MOST = 50  # of an account, at a time


class KeyInput(Input):
    model_config = example(
        {"name": "Nightly export", "scopes": ["billing:read"], "days": 365}
    )
    name: str = Field(min_length=1, max_length=80, title="Name")
    scopes: tuple[Scope, ...] = Field(
        min_length=1,
        max_length=len(Scope),
        title="What it may do",
        description="never more than its maker may do in the account",
    )
    days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        title="Valid for days",
        description="Empty: until it is revoked.",
    )
    per_minute: int = Field(default=600, ge=1, le=6000, title="Requests in a minute")


class CreateKey(Action[Account, KeyInput, ApiKey]):
    """Make a key for programs. It is shown once; only its digest is kept."""

    model = Account
    Input = KeyInput
    permission = "tenants.add_apikey"
    danger = Danger.CAREFUL

    def run(self, target: Account, data: KeyInput, *, actor: Actor) -> ApiKey:
        _within_role(target, data, actor)
        now = timezone.now()
        good = Q(expires_at=None) | Q(expires_at__gt=now)
        if target.api_keys.filter(good, revoked_at=None).count() >= MOST:
            raise TooManyKeys(f"an account has at most {MOST} keys; revoke one")
        secret = KEY + secrets.token_urlsafe(32)
        made = ApiKey.objects.create(
            account=target,
            name=data.name,
            made_by=actor.id,
            digest=token_digest(secret),
            prefix=secret[: len(KEY) + 4],
            scopes=sorted(set(data.scopes)),
            per_minute=data.per_minute,
            expires_at=now + timedelta(days=data.days) if data.days else None,
        )
        made.secret = secret
        return made

    def present(self, result: ApiKey) -> dict[str, Any]:
        # Stored with the idempotency key and in the audit: never the secret.
        until = result.expires_at
        return {
            "id": result.public_id,
            "prefix": result.prefix,
            "scopes": result.scopes,
            "expires_at": until.isoformat() if until else None,
        }

    def recall(self, output: Mapping[str, Any]) -> ApiKey | None:
        return ApiKey._base_manager.filter(public_id=output.get("id", "")).first()


class RevokeKey(Action[ApiKey, NoInput, ApiKey]):
    """Make a key worthless at once and for ever."""

    model = ApiKey
    permission = "tenants.revoke_apikey"
    danger = Danger.CAREFUL

    def run(self, target: ApiKey, data: NoInput, *, actor: Actor) -> ApiKey:
        target.revoked_at = target.revoked_at or timezone.now()
        target.save(update_fields=["revoked_at"])
        return target

    def present(self, result: ApiKey) -> dict[str, Any]:
        return {"id": result.public_id, "state": result.status}


def _within_role(account: Account, data: KeyInput, actor: Actor) -> None:
    """A key narrows what its maker may do, so its maker has to be a member."""
    member = Membership.objects.filter(account=account, user=actor.id).first()
    if member is None:
        raise Forbidden("only a member of the account makes keys for it", rule="role")
    beyond = set(data.scopes) - set(of_role(Role(member.role)))
    if beyond:
        raise Forbidden(f"your role has nothing of {sorted(beyond)[0]}", rule="role")
